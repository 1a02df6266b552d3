package runfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// write makes run files in a new folder, each of the run of that ID, and enters it.
func write(t *testing.T, ids map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for path, id := range ids {
		w, err := record.Create(path, record.Header{RunID: id})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.End(0, record.EndCompleted, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFind(t *testing.T) {
	write(t, map[string]string{"a-1.jsonl": "1", "a-2.jsonl": "2", "b[1].jsonl": "3"})
	for _, c := range []struct {
		arguments []string
		want      Set
		problem   string
	}{
		{[]string{"a-1.jsonl"}, Set{"a-1.jsonl"}, ""},
		{[]string{"a-*.jsonl", "-"}, Set{"a-1.jsonl", "a-2.jsonl", "-"}, ""},
		{[]string{"b[1].jsonl"}, Set{"b[1].jsonl"}, ""}, // a file, though it looks like a pattern
		{[]string{"nosuch.jsonl"}, Set{"nosuch.jsonl"}, ""},
		{[]string{"nosuch-*"}, nil, "no file matches nosuch-*"},
		{[]string{"[a"}, nil, "pattern [a: syntax error in pattern"},
	} {
		t.Run(strings.Join(c.arguments, " "), func(t *testing.T) {
			got, err := Find(c.arguments...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != (c.problem == "") || err != nil && err.Error() != c.problem {
				t.Errorf("error %v, want %q", err, c.problem)
			}
		})
	}
}

func TestReadDistinct(t *testing.T) {
	write(t, map[string]string{"a.jsonl": "1", "b.jsonl": "2", "copy.jsonl": "1"})
	sets, err := ReadDistinct(Set{"a.jsonl"}, Set{"b.jsonl"}, nil)
	if err != nil || len(sets) != 3 || len(sets[0]) != 1 || sets[1][0].Header.RunID != "2" || sets[2] != nil {
		t.Errorf("read %v, %v", sets, err)
	}
	for _, twice := range [][]Set{{{"a.jsonl", "copy.jsonl"}}, {{"a.jsonl"}, {"copy.jsonl"}}} {
		if _, err := ReadDistinct(twice...); err == nil || !strings.Contains(err.Error(), `run "1" is given twice`) {
			t.Errorf("%v: %v", twice, err)
		}
	}
}

func TestWhatIsNoRunFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("text", []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"text", filepath.Join("nosuch", "file")} {
		_, errSummary := Set{path}.Summary()
		_, errRuns := Set{path}.Runs()
		_, errDistinct := ReadDistinct(Set{path})
		for _, err := range []error{errSummary, errRuns, errDistinct} {
			var unreadable *Error
			if !errors.As(err, &unreadable) || !strings.Contains(unreadable.Hint(), "--run-file") {
				t.Errorf("%s: %v is no Error with a hint", path, err)
			}
		}
	}
}
