package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// What makes man pages and the command reference is a test, so that neither it nor the
// libraries that it takes are part of the program.
var (
	updateReference = flag.Bool("update", false, "write the command reference in docs")
	referenceFolder = flag.String("reference", "", "folder for the man pages and completions that scripts/man makes")
)

const docsFolder = "docs"

var (
	inMarkdown = regexp.MustCompile("[*_<>|\\[\\]`]")
)

// documented are all commands, with texts that keep their form in Markdown: lines that are
// indented stay lines of their own, and what stands elsewhere is read as it is.
func documented() *cobra.Command {
	root := newRoot()
	root.DisableAutoGenTag = true
	everyCommand(root, func(cmd *cobra.Command) { cmd.Long = asMarkdown(cmd.Long) })
	return root
}

func asMarkdown(text string) string {
	var lines []string
	indented := true // or at the begin of a paragraph
	for line := range strings.SplitSeq(text, "\n") {
		code := strings.HasPrefix(line, "  ")
		switch {
		case code && !indented:
			lines = append(lines, "", "    "+line)
		case code:
			lines = append(lines, "    "+line)
		default:
			lines = append(lines, inMarkdown.ReplaceAllString(line, `\$0`))
		}
		indented = code || line == ""
	}
	return strings.Join(lines, "\n")
}

// withManFlags lists the formats of a flag line by line in its man page, too.
func withManFlags(root *cobra.Command) *cobra.Command {
	everyCommand(root, func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			f.Usage = strings.ReplaceAll(inMarkdown.ReplaceAllString(f.Usage, `\$0`), "\n  ", "\n\n\t")
		})
	})
	return root
}

// filesOf are the files of a folder, by name.
func filesOf(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = string(text)
	}
	return all
}

// The command reference is what the commands say of themselves. With -update it is written.
func TestCommandReference(t *testing.T) {
	made := t.TempDir()
	if *updateReference {
		made = docsFolder
		if err := os.RemoveAll(made); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(made, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := doc.GenMarkdownTree(documented(), made); err != nil {
		t.Fatal(err)
	}
	got := filesOf(t, made)
	if diff := cmp.Diff(filesOf(t, docsFolder), got); diff != "" {
		t.Errorf("the command reference is not up to date: run 'go test ./cmd/kn-coldstart -run CommandReference -update':\n%s", diff)
	}
	everyCommand(newRoot(), func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		if name := strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md"; !strings.Contains(got[name], cmd.Short) {
			t.Errorf("%s does not say what the command does", name)
		}
	})
}

// There is a man page for each command, with its flags. scripts/man keeps them.
func TestManPages(t *testing.T) {
	folder := *referenceFolder
	if folder == "" {
		folder = t.TempDir()
	}
	man := filepath.Join(folder, "man")
	if err := os.MkdirAll(man, 0o755); err != nil {
		t.Fatal(err)
	}
	header := &doc.GenManHeader{Section: "1", Source: ownName, Manual: "Cold starts of Knative Services"}
	if err := doc.GenManTree(withManFlags(documented()), header, man); err != nil {
		t.Fatal(err)
	}
	got := filesOf(t, man)
	everyCommand(newRoot(), func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		page := got[strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"]
		if !strings.Contains(page, "\n.SH NAME\n") || !strings.Contains(page, "\n.SH EXAMPLE\n") {
			t.Errorf("the page of %s has no name or example:\n%s", cmd.CommandPath(), page)
		}
		if strings.Contains(page, `\\\`) {
			t.Errorf("the page of %s has backslashes:\n%s", cmd.CommandPath(), page)
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "version" && !strings.Contains(page, `\fB--`+f.Name+`\fP`) {
				t.Errorf("the page of %s has no --%s", cmd.CommandPath(), f.Name)
			}
		})
	})
}

// There is a completion for each shell, in a file of the name that the shell looks for.
// scripts/man keeps them.
func TestCompletionFiles(t *testing.T) {
	folder := *referenceFolder
	if folder == "" {
		folder = t.TempDir()
	}
	folder = filepath.Join(folder, "completions")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	root := newRoot()
	for name, write := range map[string]func(string) error{
		"kn-coldstart":      func(path string) error { return root.GenBashCompletionFileV2(path, true) },
		"_kn-coldstart":     root.GenZshCompletionFile,
		"kn-coldstart.fish": func(path string) error { return root.GenFishCompletionFile(path, true) },
	} {
		path := filepath.Join(folder, name)
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "__complete") {
			t.Errorf("%s completes nothing: %v", name, err)
		}
	}
}
