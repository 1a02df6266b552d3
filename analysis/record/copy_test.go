package record

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is a run file of n samples, its lines, and its receipt.
func written(t *testing.T, n int) (text string, lines []string, r Receipt) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, header())
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := w.Sample(sample(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(0, EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	return out.String(), strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), w.Receipt()
}

// copied makes a copy of the lines, closes it with the receipt, and reads it.
func copied(t *testing.T, path string, lines []string, r *Receipt) (string, error) {
	t.Helper()
	c, err := OpenCopy(path, header().RunID)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if err := c.Line([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	closed := c.Close(r)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), closed
}

func TestCopy(t *testing.T) {
	text, lines, receipt := written(t, 4)
	if got, ok := ParseReceipt(receipt.String()); !ok || got != receipt {
		t.Fatalf("ParseReceipt(%q) = %+v, %v", receipt, got, ok)
	}
	last := len(lines) - 1
	for name, c := range map[string]struct {
		there string // in the file before
		come  []string
	}{
		"from nothing":                       {"", lines},
		"after a line that was cut off":      {text[:len(lines[0])+9], lines},
		"after the beginning of the header":  {text[:9], lines},
		"after most of the header":           {text[:len(lines[0])-1], lines},
		"after the header without its break": {lines[0], lines},
		"after two lines, from the start":    {lines[0] + "\n" + lines[1] + "\n", lines},
		"after two lines, from the second":   {lines[0] + "\n" + lines[1] + "\n", lines[1:]},
		"after all but the last line":        {strings.TrimSuffix(text, lines[last]+"\n"), lines},
		"after all, from the start":          {text, lines},
		"after all, from the last but one":   {text, lines[last-1:]},
		"after all but one, from the second": {strings.TrimSuffix(text, lines[last]+"\n"), lines[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "results", "run.jsonl")
			if c.there != "" {
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(c.there), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := copied(t, path, c.come, &receipt); got != text || err != nil {
				t.Errorf("the copy is\n%s\n%v, want\n%s", got, err, text)
			}
		})
	}
}

// A copy of which lines are missing says so, and its last line is not that of a whole run.
func TestIncompleteCopy(t *testing.T) {
	_, lines, receipt := written(t, 4)
	other := lines[1][:len(lines[1])-1] + " }"
	for name, c := range map[string]struct {
		come    []string
		receipt *Receipt
		reason  string
	}{
		"the first line is missing":    {lines[1:], &receipt, "it has 5 of 6 lines"},
		"a line is missing":            {append(append([]string{}, lines[:2]...), lines[3:]...), &receipt, "it has 5 of 6 lines"},
		"a line is another":            {append([]string{lines[0], other}, lines[2:]...), &receipt, "its lines are not those that the run wrote"},
		"a line came twice":            {append([]string{lines[0], lines[1]}, lines[1:]...), &receipt, "it has 7 of 6 lines"},
		"the receipt is missing":       {lines, nil, "the run was killed, or its log broke off"},
		"the end is missing":           {lines[:len(lines)-1], &receipt, "it has 5 of 6 lines"},
		"the run was killed, no proof": {lines[:3], nil, "the run was killed, or its log broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run.jsonl")
			text, err := copied(t, path, c.come, c.receipt)
			var incomplete *IncompleteError
			if !errors.As(err, &incomplete) || incomplete.Reason != c.reason {
				t.Errorf("Close = %v, want %q", err, c.reason)
			}
			if strings.Contains(text, EndCompleted) {
				t.Errorf("the copy looks like a whole run:\n%s", text)
			}
			if c.come[0] != lines[0] {
				return
			}
			run, err := ReadFile(path)
			if err != nil || run.End != nil && (run.End.Reason != EndFailed || !strings.Contains(run.End.Error, c.reason)) {
				t.Errorf("%v, end %+v", err, run.End)
			}
		})
	}
}

// A copy is exact if no other one of what came can have more, however much the run wrote.
func TestExactCopy(t *testing.T) {
	_, lines, receipt := written(t, 4)
	damaged := lines[1][:len(lines[1])-1] + " }"
	killed := lines[:3]
	for name, c := range map[string]struct {
		there, come []string
		receipt     *Receipt
		want        bool
	}{
		"of a run to its end":         {nil, lines, &receipt, true},
		"of a run that was killed":    {nil, killed, nil, true},
		"that is continued":           {killed[:2], killed, nil, true},
		"that is continued later on":  {killed[:2], killed[1:], nil, true},
		"to which nothing is added":   {killed, killed, nil, true},
		"with a damaged middle":       {[]string{lines[0], damaged, lines[2]}, killed, nil, false},
		"with a damaged end":          {[]string{lines[0], lines[1], "\x00"}, killed[:2], nil, false},
		"that begins with other ones": {[]string{lines[0], damaged}, killed[1:], nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run.jsonl")
			if c.there != nil {
				if err := os.WriteFile(path, []byte(strings.Join(c.there, "\n")+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			copied, err := OpenCopy(path, header().RunID)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range c.come {
				if err := copied.Line([]byte(line)); err != nil {
					t.Fatal(err)
				}
			}
			if err := copied.Close(c.receipt); copied.Exact() != c.want || (err == nil) != (c.receipt != nil) {
				t.Errorf("Close = %v, and it is exact: %v", err, copied.Exact())
			}
		})
	}
	t.Run("that could not be written", func(t *testing.T) {
		c, err := OpenCopy(filepath.Join(t.TempDir(), "run.jsonl"), header().RunID)
		if err == nil {
			err = c.Line([]byte(lines[0]))
		}
		if err == nil {
			err = c.Leave() // what is written to a file that is closed fails, as on a full disk
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(nil); err == nil || c.Exact() {
			t.Errorf("Close = %v, and it is exact: %v", err, c.Exact())
		}
	})
}

func TestOpenCopyRefusesOtherFiles(t *testing.T) {
	text, _, _ := written(t, 1)
	for there, want := range map[string]string{
		"no run file":      "it is no run file",
		"no run file\n":    ErrNotRunFile.Error(),
		text:               "it is of run " + header().RunID,
		text[:len(text)/9]: "it is no run file",
	} {
		path := filepath.Join(t.TempDir(), "run.jsonl")
		if err := os.WriteFile(path, []byte(there), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCopy(path, "another"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenCopy of %.20q = %v, want %q", there, err, want)
		}
		if now, err := os.ReadFile(path); string(now) != there || err != nil {
			t.Errorf("the file was changed to %q: %v", now, err)
		}
	}
}

// Two commands that copy the same run do not write to the same file, whoever comes first.
func TestCopyIsLocked(t *testing.T) {
	text, lines, receipt := written(t, 4)
	folder := t.TempDir()
	open := func(name string) (*Copy, error) { return OpenCopy(filepath.Join(folder, name), header().RunID) }
	for name, there := range map[string]string{"new": "", "begun": text[:len(lines[0])+9], "header": text[:9]} {
		if there != "" {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(there), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		first, err := open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := open(name); there != "" && !errors.Is(err, ErrTaken) {
			t.Errorf("%s: OpenCopy of what another has open = %v", name, err)
		}
		second, err := open(name + "2")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if err := errors.Join(first.Line([]byte(line)), second.Line([]byte(line))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := open(name); !errors.Is(err, ErrTaken) {
			t.Errorf("%s: OpenCopy of what another writes = %v", name, err)
		}
		if err := errors.Join(first.Close(&receipt), second.Close(&receipt)); err != nil {
			t.Error(err)
		}
		if got, err := os.ReadFile(filepath.Join(folder, name)); string(got) != text || err != nil {
			t.Errorf("%s: the copy is\n%s\n%v, want\n%s", name, got, err, text)
		}
		again, err := open(name)
		if err != nil {
			t.Errorf("%s: OpenCopy when it is closed = %v", name, err)
			continue
		}
		if err := again.Leave(); err != nil {
			t.Error(err)
		}
	}
}

// Of two commands for whose copy there was no file yet, one creates it.
func TestCopyIsCreatedOnce(t *testing.T) {
	_, lines, _ := written(t, 1)
	path := filepath.Join(t.TempDir(), "run.jsonl")
	var both [2]*Copy
	for i := range both {
		var err error
		if both[i], err = OpenCopy(path, header().RunID); err != nil {
			t.Fatal(err)
		}
	}
	if err := both[0].Line([]byte(lines[0])); err != nil {
		t.Fatal(err)
	}
	if err := both[1].Line([]byte(lines[0])); !errors.Is(err, ErrTaken) {
		t.Errorf("Line of the second = %v", err)
	}
	if err := errors.Join(both[0].Leave(), both[1].Leave()); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); string(got) != lines[0]+"\n" || err != nil {
		t.Errorf("the copy is %q, %v", got, err)
	}
}

// A run that ended before it had anything to write leaves no file, or the empty one that
// was there.
func TestCopyOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	c, err := OpenCopy(path, "run-1")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(nil); err != nil || c.Path() != "" {
		t.Errorf("Close = %v, path %q", err, c.Path())
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat = %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = OpenCopy(path, "run-1"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(nil); err != nil || c.Path() != "" {
		t.Errorf("Close with an empty file = %v, path %q", err, c.Path())
	}
}
