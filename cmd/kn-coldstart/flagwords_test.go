package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var (
	flagWord = regexp.MustCompile(`(?:^|[^-\w])--([a-z][a-z-]*)`)
	// otherCommand is the command line of another program: what stands in backquotes,
	// a whole text that begins with kubectl, or what curl is given.
	otherCommand = regexp.MustCompile("`[^`]*`|^kubectl .*|\\| curl .*")
	// nodeFlag is how knative-node declares a flag. It is a module of its own.
	nodeFlag = regexp.MustCompile(`Flags\(\)\.\w+\(&?[\w.]+, "([a-z-]+)"`)
)

// textFolders hold the sources whose texts may reach the user of this command.
var textFolders = []string{".", "../../ksvc", "../../loadgen", "../../analysis"}

// TestTextsNameFlagsThatExist reads every text in the sources of this command and of the
// libraries, among them all hints, and looks up each flag that it names.
func TestTextsNameFlagsThatExist(t *testing.T) {
	known := knownFlags(t)
	found := 0
	for _, folder := range textFolders {
		for _, path := range sources(t, folder) {
			for _, text := range texts(t, path) {
				for _, word := range flagWord.FindAllStringSubmatch(otherCommand.ReplaceAllString(text, ""), -1) {
					found++
					if !known[word[1]] {
						t.Errorf("%s: there is no flag --%s: %q", path, word[1], text)
					}
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d names of flags were found", found)
	}
}

// TestOptionErrorsNameFlags looks up the name of every option that the library of
// experiments finds fault with: the command line puts "--" before it.
func TestOptionErrorsNameFlags(t *testing.T) {
	known := knownFlags(t)
	found := 0
	for _, path := range sources(t, "../../loadgen/experiment") {
		for _, name := range optionNames(t, path) {
			found++
			if !known[name] {
				t.Errorf("%s: there is no flag --%s", path, name)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d names of options were found", found)
	}
}

// optionNames are the first arguments of option and atLeast, and the first fields of
// OptionError, where they are written out.
func optionNames(t *testing.T, path string) []string {
	var names []string
	add := func(values []ast.Expr) {
		if len(values) == 0 {
			return
		}
		if literal, ok := values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			names = append(names, unquote(t, literal))
		}
	}
	ast.Inspect(parse(t, path), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "option" || f.Sel.Name == "atLeast") {
				add(n.Args)
			}
		case *ast.CompositeLit:
			if of, ok := n.Type.(*ast.Ident); ok && of.Name == "OptionError" {
				add(n.Elts)
			}
		}
		return true
	})
	return names
}

func TestFlagWords(t *testing.T) {
	for text, want := range map[string]string{
		"use --image-pull-policy":              "image-pull-policy",
		"--%s is about --baseline":             "baseline",
		"x `kubectl get --all` --force":        "force",
		"kubectl patch configmap --type merge": "",
		"a--b and ---c":                        "",
		"\"--run-file\" and":                   "run-file",
	} {
		var got []string
		for _, word := range flagWord.FindAllStringSubmatch(otherCommand.ReplaceAllString(text, ""), -1) {
			got = append(got, word[1])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestHelpOfEveryCommandHasExamples also holds that there is a line about each command.
func TestHelpOfEveryCommandHasExamples(t *testing.T) {
	everyCommand(newRoot(), func(cmd *cobra.Command) {
		if cmd.Short == "" || !strings.Contains(cmd.Example, "kn-coldstart") {
			t.Errorf("%s: short help %q, example %q", cmd.CommandPath(), cmd.Short, cmd.Example)
		}
	})
}

func knownFlags(t *testing.T) map[string]bool {
	known := map[string]bool{"help": true}
	everyCommand(newRoot(), func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
	})
	for _, path := range sources(t, "../knative-node") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range nodeFlag.FindAllSubmatch(text, -1) {
			known[string(m[1])] = true
		}
	}
	return known
}

// sources are the files of Go below a folder, without tests.
func sources(t *testing.T, folder string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "testdata" {
			return filepath.SkipDir // programs of their own, with flags of their own
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// texts are the string literals of a file.
func texts(t *testing.T, path string) []string {
	t.Helper()
	var list []string
	ast.Inspect(parse(t, path), func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			list = append(list, unquote(t, literal))
		}
		return true
	})
	return list
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func unquote(t *testing.T, literal *ast.BasicLit) string {
	t.Helper()
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
