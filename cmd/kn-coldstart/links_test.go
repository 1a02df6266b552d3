package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// link is one of Markdown: its target.
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	// heading is one of Markdown: its text.
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	// unlinked is what GitHub leaves out of a heading for its anchor.
	unlinked = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// Each link from one page to another leads to a file and a heading that are there.
func TestLinksLeadSomewhere(t *testing.T) {
	found := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			found++
			if says := deadEnd(page, m[1]); says != "" {
				t.Errorf("%s: %s: %s", page, m[1], says)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d links were found", found)
	}
}

// deadEnd says why a link of a page leads nowhere; empty if it does lead somewhere.
func deadEnd(page, target string) string {
	file, anchor, _ := strings.Cut(target, "#")
	path := page
	if file != "" {
		path = filepath.Join(filepath.Dir(page), file)
	}
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return err.Error()
	case anchor != "" && !slices.Contains(anchors(string(text)), anchor):
		return "no such heading"
	}
	return ""
}

// anchors are those that GitHub gives to the headings of a page.
func anchors(text string) []string {
	var list []string
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		list = append(list, strings.ReplaceAll(unlinked.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return list
}

func TestDeadEnds(t *testing.T) {
	for target, dead := range map[string]bool{
		"#limits": false, "#limit": true, "scripts/README.md": false, "scripts/READ.md": true,
		"cmd/knative-node/figures.md#at-work": false, "cmd/knative-node/figures.md#at-rest": true,
	} {
		if says := deadEnd("../../README.md", target); (says != "") != dead {
			t.Errorf("%s: %q", target, says)
		}
	}
}
