package scripts

import (
	"go/version"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goDirective is the line of a go.mod that says which Go it takes.
var goDirective = regexp.MustCompile(`(?m)^go (\S+)$`)

// goOf is the oldest Go that a module can be built with.
func goOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := goDirective.FindSubmatch(text)
	if found == nil {
		t.Fatalf("%s does not say which Go it takes", file)
	}
	return "go" + string(found[1])
}

// The first page says which Go builds the node.
func TestReadmeNamesTheGoOfTheNode(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	oldest := strings.TrimPrefix(goOf(t, "../cmd/knative-node/go.mod"), "go")
	if want := "Go " + oldest + " or later"; !strings.Contains(string(text), want) {
		t.Errorf("README.md does not say %q", want)
	}
}

// The action builds the node with one Go, which setup-go lets fetch no other. No module of the
// build may want a newer one.
func TestActionTakesTheNewestGo(t *testing.T) {
	var taken string
	for _, s := range readAction(t).Runs.Steps {
		if strings.HasPrefix(s.Uses, "actions/setup-go@") {
			file, _ := s.With["go-version-file"].(string)
			taken = goOf(t, strings.Replace(file, "${{ github.action_path }}", "..", 1))
		}
	}
	modules, err := filepath.Glob("../cmd/knative-node/*/go.mod")
	if err != nil || len(modules) == 0 {
		t.Fatalf("the node has no modules: %v", err)
	}
	for _, file := range append(modules, "../go.mod", "../cmd/knative-node/go.mod") {
		if wanted := goOf(t, file); version.Compare(taken, wanted) < 0 {
			t.Errorf("the action builds with %s, and %s takes %s", taken, file, wanted)
		}
	}
}
