package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// fenced is a block of code in Markdown: its language and its text.
var fenced = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// pages are the files that people read, from the first page on.
func pages(t *testing.T) []string {
	t.Helper()
	list := []string{"../../README.md", "../../CHANGELOG.md", "../../scripts/README.md"}
	for _, pattern := range []string{"guides/*.md", "../knative-node/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < 4 {
			t.Fatalf("%s: found %q, %v", pattern, found, err)
		}
		list = append(list, found...)
	}
	return list
}

// blocks are those of a page in a language.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			list = append(list, m[2])
		}
	}
	return list
}

// readme are the blocks of README.md in a language.
func readme(t *testing.T, language string) []string {
	t.Helper()
	list := blocks(t, "../../README.md", language)
	if len(list) == 0 {
		t.Fatalf("README.md has no block of %s", language)
	}
	return list
}

// workflowStep is what of a step of a GitHub workflow is looked at.
type workflowStep struct {
	Uses, Run string
	With      map[string]any
}

// readSteps are the steps of the README's workflow, and of the guide's, which has no
// workflow around it.
func readSteps(t *testing.T) []workflowStep {
	t.Helper()
	first, second := readme(t, "yaml"), blocks(t, "guides/ci.md", "yaml")
	if len(first) != 1 || len(second) != 1 {
		t.Fatalf("%d and %d blocks of yaml, want one each", len(first), len(second))
	}
	var whole struct {
		On   any
		Jobs map[string]struct{ Steps []workflowStep }
	}
	var more []workflowStep
	err := errors.Join(yaml.Unmarshal([]byte(first[0]), &whole), yaml.Unmarshal([]byte(second[0]), &more))
	if err != nil || len(whole.Jobs) != 1 || whole.On == nil {
		t.Fatalf("no workflow with one job: %v", err)
	}
	for _, job := range whole.Jobs {
		more = append(job.Steps, more...)
	}
	return more
}

func TestCommandsOnPagesAreUnderstood(t *testing.T) {
	found := 0
	for _, page := range pages(t) {
		for _, script := range blocks(t, page, "sh") {
			for _, args := range ownCommands(script) {
				found++
				if err := understood(args); err != nil {
					t.Errorf("%s: kn-coldstart %s: %v", page, strings.Join(args, " "), err)
				}
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d command lines were found", found)
	}
}

// understood finds the command and reads its flags and arguments, without
// running it. What is passed on to the node's program is not ours to read.
func understood(args []string) error {
	cmd, rest, err := newRoot().Find(args)
	switch {
	case err != nil:
		return err
	case cmd.HasSubCommands():
		return fmt.Errorf("%s does nothing by itself", cmd.CommandPath())
	case cmd.DisableFlagParsing:
		return nil
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// ownCommands are the arguments of each kn-coldstart that a script runs, with
// sudo or without.
func ownCommands(script string) [][]string {
	script = strings.ReplaceAll(script, "\\\n", " ")
	var list [][]string
	for line := range strings.Lines(script) {
		words := shellWords(line)
		at := slices.IndexFunc(words, func(w string) bool { return w != "sudo" && !strings.HasPrefix(w, "-") })
		if at >= 0 && path.Base(words[at]) == "kn-coldstart" {
			list = append(list, words[at+1:])
		}
	}
	return list
}

// shellWords are the words of a line up to a comment or the end of its first
// command, without their quotes.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	in, quote := false, rune(0)
	for _, r := range line + "\n" {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			in, quote = true, r
		case !in && r == '#', strings.ContainsRune(" \t\n;|&<>", r):
			if in {
				words = append(words, word.String())
				word.Reset()
				in = false
			}
			if r != ' ' && r != '\t' {
				return words
			}
		default:
			in = true
			word.WriteRune(r)
		}
	}
	return words
}

func TestShellWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                     nil,
		"# a comment":                          nil,
		"gate a --slo 'p(95)<2s'  # as judged": {"gate", "a", "--slo", "p(95)<2s"},
		`report -o html a"b c".jsonl > x`:      {"report", "-o", "html", "ab c.jsonl"},
		"a '' b#c | d":                         {"a", "", "b#c"},
	} {
		if got := shellWords(line); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// The README's workflow is one: its shell is shell, and it uses this repository's action
// with inputs that this has. Package scripts runs the action's steps.
func TestTheReadmesWorkflows(t *testing.T) {
	inputs := actionInputs(t)
	pinned := regexp.MustCompile(`^actions/[a-z-]+@v\d+$|^kn-coldstart/kn-coldstart@v\d+\.\d+\.\d+$`)
	found := 0
	for _, s := range readSteps(t) {
		if s.Uses != "" && !pinned.MatchString(s.Uses) {
			t.Errorf("%s is not pinned by its version", s.Uses)
		}
		if out, err := exec.Command("sh", "-n", "-c", s.Run).CombinedOutput(); err != nil {
			t.Errorf("%v: %s in %q", err, out, s.Run)
		}
		if !strings.HasPrefix(s.Uses, "kn-coldstart/") {
			continue
		}
		found++
		for name := range s.With {
			if !slices.Contains(inputs, name) {
				t.Errorf("the action has no input %s", name)
			}
		}
	}
	if found != 2 {
		t.Errorf("the action is used %d times, want 2", found)
	}
}

// actionInputs are the names of the action's inputs.
func actionInputs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct{ Inputs map[string]any }
	if err := yaml.Unmarshal(text, &action); err != nil || len(action.Inputs) == 0 {
		t.Fatalf("read action.yml: %v", err)
	}
	return slices.Collect(maps.Keys(action.Inputs))
}
