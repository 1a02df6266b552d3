package output

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// No output replaces an input, and nothing old stands beside a new exit code.
func TestPrepare(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("run.jsonl", `{"type": "run", "schema": 1}`)
	write("gate.yaml", "slo: []\n")
	write("old.xml", "<testsuites/>")
	if err := os.Symlink("gate.yaml", "link.xml"); err != nil {
		t.Fatal(err)
	}
	for path, inputs := range map[string][]string{
		"run.jsonl":             nil, // the shell made it the value of --junit
		"./gate.yaml":           {"gate.yaml"},
		"link.xml":              {"gate.yaml"},
		"not-yet.jsonl":         {"./not-yet.jsonl"},
		filepath.Join(t.Name()): {t.Name()},
	} {
		if err := Prepare(path, "JUnit XML", inputs...); err == nil || !strings.HasPrefix(err.Error(), "write JUnit XML: ") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"", "new.xml", "old.xml"} {
		if err := Prepare(path, "JUnit XML", "run.jsonl", "gate.yaml"); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat("old.xml"); !os.IsNotExist(err) {
		t.Errorf("the old file is still there: %v", err)
	}
	for _, path := range []string{"run.jsonl", "gate.yaml"} {
		if text, err := os.ReadFile(path); err != nil || len(text) < 5 {
			t.Errorf("%s is gone: %q, %v", path, text, err)
		}
	}
}
