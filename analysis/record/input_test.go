package record

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A line in the middle that cannot be read costs no other.
func TestBrokenLinesInTheMiddleAreSkipped(t *testing.T) {
	good := string(file(t, 3))
	head, rest, _ := strings.Cut(good, "\n")
	for name, c := range map[string]struct{ broken, want string }{
		"cut, with the next glued to it": {`{"type":"sample","runtimeCl{"type":"event"}` + "\n", "line 2 is broken and was skipped: "},
		"a wrong type of value":          {`{"type":"sample","services":"one"}` + "\n", "line 2 is broken and was skipped: "},
		"not JSON":                       {"\x00\x00\n", "line 2 is broken and was skipped: "},
		"deeply nested":                  {`{"type":"event","x":` + strings.Repeat("[", 1e6) + "\n", "line 2 is broken and was skipped: its JSON is nested more than 64 deep"},
		"very long":                      {`{"type":"event","x":"` + strings.Repeat("a", mostLineBytes) + `"}` + "\n", "line 2 is broken and was skipped: the line is longer than 16 MiB"},
		"three of them":                  {"a\nb\nc\n", "3 lines are broken and were skipped, line 2 first: "},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := Read(strings.NewReader(head + "\n" + c.broken + rest))
			if err != nil {
				t.Fatal(err)
			}
			if len(run.Samples) != 3 || len(run.Warnings) != 1 || !strings.HasPrefix(run.Warnings[0], c.want) {
				t.Errorf("%d samples, warnings %q", len(run.Samples), run.Warnings)
			}
		})
	}
}

func TestGzipIsReadAsItIs(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(file(t, 3)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run.jsonl.gz")
	if err := os.WriteFile(path, packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Read(bytes.NewReader(file(t, 3)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	cut, err := Read(bytes.NewReader(packed.Bytes()[:packed.Len()-12]))
	if err == nil && !slices.ContainsFunc(cut.Warnings, func(w string) bool { return strings.Contains(w, "did not end") }) {
		t.Errorf("a gzip that is cut is read as if it were whole: %q", cut.Warnings)
	}
}

// Braces in texts are no nesting.
func TestDepth(t *testing.T) {
	for text, want := range map[string]bool{
		strings.Repeat("[", mostDepth):         false,
		strings.Repeat("[", mostDepth+1):       true,
		`"` + strings.Repeat("[", 100) + `"`:   false,
		`"\"` + strings.Repeat("{", 100) + `"`: false,
		`"\\"` + strings.Repeat("{", 100):      true,
		strings.Repeat(`{"a":[]},`, 100):       false,
	} {
		if got := tooDeep([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
