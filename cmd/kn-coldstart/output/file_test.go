package output

import (
	"errors"
	"io"
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
	if err := os.Mkdir("folder", 0o755); err != nil {
		t.Fatal(err)
	}
	for path, inputs := range map[string][]string{
		"nosuch/new.xml":        nil,
		"folder":                nil,
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
	for _, path := range []string{"old.xml", "new.xml"} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is there before it is written: %v", path, err)
		}
	}
	if left, err := filepath.Glob(".*"); err != nil || len(left) > 0 {
		t.Errorf("Prepare left %v, %v", left, err)
	}
	for _, path := range []string{"run.jsonl", "gate.yaml"} {
		if text, err := os.ReadFile(path); err != nil || len(text) < 5 {
			t.Errorf("%s is gone: %q, %v", path, text, err)
		}
	}
}

// A file is there as a whole or not at all, also where an earlier one is in its place.
func TestWriteFile(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		before bool
		fails  error
		want   string
	}{
		{"new", false, nil, "all of it"},
		{"in place of an earlier one", true, nil, "all of it"},
		{"new, fails", false, broken, ""},
		{"in place of an earlier one, fails", true, broken, "earlier"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if c.before {
				if err := os.WriteFile("result", []byte("earlier"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			err := writeFile("result", "result", func(w io.Writer) error {
				if _, err := io.WriteString(w, "all of it"); err != nil {
					return err
				}
				return c.fails
			})
			if !errors.Is(err, c.fails) {
				t.Errorf("error %v, want %v", err, c.fails)
			}
			text, _ := os.ReadFile("result") // it may not be there
			if string(text) != c.want {
				t.Errorf("the file holds %q, want %q", text, c.want)
			}
			if left, err := filepath.Glob(".*"); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

func TestWriteFileToADevice(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Prepare(os.DevNull, "result"), writeFile(os.DevNull, "result", func(io.Writer) error { return nil })); err != nil {
		t.Error(err)
	}
	if after, err := os.Stat(os.DevNull); err != nil || !os.SameFile(before, after) {
		t.Errorf("the device was replaced: %v", err)
	}
}
