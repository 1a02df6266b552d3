package main

import (
	"fmt"
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

// readme are the blocks of README.md in a language.
func readme(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
		if m[1] == language {
			blocks = append(blocks, m[2])
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("README.md has no block of %s", language)
	}
	return blocks
}

// workflow is what of a GitHub workflow is looked at.
type workflow struct {
	On   any
	Jobs map[string]struct {
		RunsOn string `yaml:"runs-on"`
		Steps  []struct{ Uses, Run, If string }
	}
}

func readWorkflow(t *testing.T) workflow {
	t.Helper()
	var w workflow
	blocks := readme(t, "yaml")
	if err := yaml.Unmarshal([]byte(blocks[0]), &w); err != nil || len(blocks) != 1 || len(w.Jobs) != 1 || w.On == nil {
		t.Fatalf("%d blocks of yaml, want one workflow with one job: %v", len(blocks), err)
	}
	return w
}

func TestCommandsInTheReadmeAreUnderstood(t *testing.T) {
	scripts := readme(t, "sh")
	for _, job := range readWorkflow(t).Jobs {
		for _, step := range job.Steps {
			scripts = append(scripts, step.Run)
		}
	}
	found := 0
	for _, script := range scripts {
		for _, args := range ownCommands(script) {
			found++
			if err := understood(args); err != nil {
				t.Errorf("kn-coldstart %s: %v", strings.Join(args, " "), err)
			}
		}
	}
	if found < 15 {
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

// The workflow's actions are pinned, its scripts are shell, and it does what the
// README says, in this order; the node is taken down whatever happened.
func TestTheReadmesWorkflow(t *testing.T) {
	pinned := regexp.MustCompile(`^actions/[a-z-]+@v\d+$`)
	expression := regexp.MustCompile(`\$\{\{.*?\}\}`)
	var commands, always []string
	for _, job := range readWorkflow(t).Jobs {
		if job.RunsOn != "ubuntu-latest" {
			t.Errorf("it runs on %s", job.RunsOn)
		}
		for _, step := range job.Steps {
			if step.Uses != "" && !pinned.MatchString(step.Uses) {
				t.Errorf("%s is not pinned by its major version", step.Uses)
			}
			script := expression.ReplaceAllString(step.Run, "x")
			if out, err := exec.Command("sh", "-n", "-c", script).CombinedOutput(); err != nil {
				t.Errorf("%v: %s in %q", err, out, script)
			}
			for _, args := range ownCommands(script) {
				command := strings.Join(args[:min(len(args), 2)], " ")
				commands = append(commands, command)
				if step.If == "always()" {
					always = append(always, command)
				}
			}
		}
	}
	want := []string{"cluster up", "cluster load-image", "cluster load-image", "ab --runtime-class", "report -o", "cluster down"}
	if !slices.Equal(commands, want) || !slices.Equal(always, want[len(want)-1:]) {
		t.Errorf("it runs %q, and always %q; want %q, and always the last", commands, always, want)
	}
}
