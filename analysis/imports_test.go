package analysis_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kn-coldstart/kn-coldstart/"

// allowed are the packages of this module, by prefix, that analysis may use. None of
// them talks to a cluster or a network.
var allowed = []string{"analysis", "templates"}

// forbidden in code that is pure functions over records. Package net/url opens no
// connection.
var forbidden = []string{"net/http", "net/netip", "net/rpc", "net/smtp", "net/textproto", "k8s.io/client-go", "knative.dev/serving", "github.com/spf13/cobra", "os/exec"}

func TestAnalysisImportsOnlyWhatItReads(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if own, ok := strings.CutPrefix(name, module); ok && !under(own, allowed) || name == "net" || under(name, forbidden) {
				t.Errorf("%s imports %s", path, name)
			}
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files: %v", files, err)
	}
}

// under says that a path is one of the prefixes, or in a folder below.
func under(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if path == p || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

// Everything else knows the record, and the record knows nothing else.
func TestTheRecordImportsNothingOfOurs(t *testing.T) {
	files, err := filepath.Glob("record/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if strings.HasPrefix(strings.Trim(spec.Path.Value, `"`), module) {
				t.Errorf("%s imports %s", path, spec.Path.Value)
			}
		}
	}
}
