package record

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// damage is a whole file of five samples with something done to its lines, read. It has
// no lines of requests, which would stand in for samples that are broken.
func damage(t *testing.T, change func(lines [][]byte) [][]byte) (*Run, error) {
	t.Helper()
	lines := slices.Collect(bytes.Lines(file(t, 5)))
	lines = slices.DeleteFunc(lines, func(l []byte) bool { return bytes.HasPrefix(l, []byte(`{"type":"request"`)) })
	return Read(bytes.NewReader(bytes.Join(change(lines), nil)))
}

func TestDamage(t *testing.T) {
	replace := func(line int, old, new string) func([][]byte) [][]byte {
		return func(lines [][]byte) [][]byte {
			lines[line] = bytes.Replace(lines[line], []byte(old), []byte(new), 1)
			return lines
		}
	}
	for name, c := range map[string]struct {
		change  func(lines [][]byte) [][]byte
		samples int
		want    []string // parts of what is said, in order
	}{
		"none":             {func(l [][]byte) [][]byte { return l }, 5, nil},
		"another order":    {func(l [][]byte) [][]byte { l[1], l[4] = l[4], l[1]; return l }, 5, nil},
		"a broken line":    {replace(2, `{"type"`, `{"ty`), 4, []string{"line 3 is broken"}},
		"a sample twice":   {func(l [][]byte) [][]byte { return slices.Insert(l, 3, l[1]) }, 6, []string{"1 samples are in it twice", "6 samples, and the run wrote 5"}},
		"all twice":        {func(l [][]byte) [][]byte { return slices.Insert(l, 1, l[1:6]...) }, 10, []string{"5 samples are in it twice", "10 samples, and the run wrote 5"}},
		"the end twice":    {func(l [][]byte) [][]byte { return append(l, l[len(l)-1]) }, 5, []string{"line 10 is broken and was skipped: it follows the line that ends the run"}},
		"a sample after":   {func(l [][]byte) [][]byte { return append(l, l[1]) }, 5, []string{"it follows the line that ends the run"}},
		"more after":       {func(l [][]byte) [][]byte { return append(l, l[1], l[2], []byte("{\n")) }, 5, []string{"3 lines are broken and were skipped, line 10 first"}},
		"a cut line after": {func(l [][]byte) [][]byte { return append(l, []byte(`{"type":"sam`)) }, 5, []string{"line 10 is broken"}},
		"another unit":     {replace(1, `"responseLatencyNs":`, `"responseLatencyNs":1000000`), 5, []string{"the latency of 1 samples is not the time"}},
		"a negative time":  {replace(1, `"doneNs":`, `"doneNs":-9000000`), 5, []string{"the latency of 1 samples is not the time"}},
	} {
		t.Run(name, func(t *testing.T) {
			run, err := damage(t, c.change)
			if err != nil {
				t.Fatal(err)
			}
			if len(run.Samples) != c.samples || len(run.Damage) != len(c.want) {
				t.Fatalf("%d samples, %q, want %d, %q", len(run.Samples), run.Damage, c.samples, c.want)
			}
			for i, text := range run.Damage {
				if !strings.Contains(text, c.want[i]) || !slices.Contains(run.Warnings, text) {
					t.Errorf("%q, want %q; warnings %q", text, c.want[i], run.Warnings)
				}
			}
		})
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	head := func(schema string) func([][]byte) [][]byte {
		return func(lines [][]byte) [][]byte {
			lines[0] = bytes.Replace(lines[0], []byte(`"schema":1`), []byte(`"schema":`+schema), 1)
			return lines
		}
	}
	var newer *NewerSchemaError
	for name, c := range map[string]struct {
		change func(lines [][]byte) [][]byte
		is     func(error) bool
	}{
		"schema -1":   {head("-1"), func(err error) bool { return errors.Is(err, errNoSchema) }},
		"schema 0":    {head("0"), func(err error) bool { return errors.Is(err, errNoSchema) }},
		"schema null": {head("null"), func(err error) bool { return errors.Is(err, errNoSchema) }},
		"schema 2":    {head("2"), func(err error) bool { return errors.As(err, &newer) }},
		"schema 1.5":  {head("1.5"), func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"a text":      {head(`"1"`), func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"too large":   {head("1e30"), func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"no header":   {func(l [][]byte) [][]byte { return l[1:] }, func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"two headers": {func(l [][]byte) [][]byte { return slices.Insert(l, 1, l[0]) }, func(err error) bool { return errors.Is(err, errSecondHeader) }},
		"two files":   {func(l [][]byte) [][]byte { return append(l, l...) }, func(err error) bool { return errors.Is(err, errSecondHeader) }},
		"old line ends": {func(l [][]byte) [][]byte {
			return [][]byte{bytes.ReplaceAll(bytes.Join(l, nil), []byte("\n"), []byte("\r"))}
		}, func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"UTF-16":        {utf16, func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"nothing":       {func([][]byte) [][]byte { return nil }, func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"blank lines":   {func([][]byte) [][]byte { return [][]byte{[]byte("\n \n")} }, func(err error) bool { return errors.Is(err, ErrNotRunFile) }},
		"a deep header": {func(l [][]byte) [][]byte { return slices.Insert(l, 0, []byte(strings.Repeat("[", 1e6)+"\n")) }, func(err error) bool { return errors.Is(err, ErrNotRunFile) || errors.Is(err, errTooDeep) }},
	} {
		t.Run(name, func(t *testing.T) {
			if run, err := damage(t, c.change); err == nil || !c.is(err) {
				t.Errorf("%v, %+v", err, run)
			}
		})
	}
}

// utf16 is the file in UTF-16 without a mark.
func utf16(lines [][]byte) [][]byte {
	var wide []byte
	for _, c := range bytes.Join(lines, nil) {
		wide = append(wide, c, 0)
	}
	return [][]byte{wide}
}

// Line ends of Windows change nothing.
func TestWindowsLineEnds(t *testing.T) {
	run, err := damage(t, func(lines [][]byte) [][]byte {
		return [][]byte{bytes.ReplaceAll(bytes.Join(lines, nil), []byte("\n"), []byte("\r\n"))}
	})
	if err != nil || len(run.Samples) != 5 || len(run.Warnings) > 0 {
		t.Errorf("%v: %+v", err, run)
	}
}

// Copies have the same contents, whatever their identifier and their order. Others, and
// those without samples, do not.
func TestContents(t *testing.T) {
	of := func(change func([][]byte) [][]byte) uint64 {
		run, err := damage(t, change)
		if err != nil {
			t.Fatal(err)
		}
		return run.Header.Contents
	}
	whole := of(func(l [][]byte) [][]byte { return l })
	renamed := func(l [][]byte) [][]byte {
		l[0] = bytes.Replace(l[0], []byte(`"runId":"`), []byte(`"runId":"x`), 1)
		l[1], l[4] = l[4], l[1]
		return l
	}
	later := func(l [][]byte) [][]byte {
		l[0] = bytes.Replace(l[0], []byte(`"started":"2026`), []byte(`"started":"2027`), 1)
		return l
	}
	if got := of(renamed); whole == 0 || got != whole {
		t.Errorf("a copy has the contents %x, the original %x", got, whole)
	}
	if got := of(later); got == whole {
		t.Error("a run that began at another time has the same contents")
	}
	if got := of(func(l [][]byte) [][]byte { return slices.Delete(l, 2, 3) }); got == whole {
		t.Error("a run with a sample less has the same contents")
	}
	if got := of(func(l [][]byte) [][]byte { return l[:1] }); got != 0 {
		t.Errorf("without samples: %x", got)
	}
}

// In a file whose lines were sorted, samples come before their requests.
func TestSamplesBeforeTheirRequests(t *testing.T) {
	lines := slices.Collect(bytes.Lines(file(t, 5)))
	slices.SortStableFunc(lines[1:], func(a, b []byte) int {
		request := []byte(`{"type":"request"`)
		switch x, y := bytes.HasPrefix(a, request), bytes.HasPrefix(b, request); {
		case x == y:
			return 0
		case x:
			return 1
		}
		return -1
	})
	end := slices.IndexFunc(lines, func(l []byte) bool { return bytes.HasPrefix(l, []byte(`{"type":"end"`)) })
	lines = append(slices.Delete(slices.Clone(lines), end, end+1), lines[end])
	run, err := Read(bytes.NewReader(bytes.Join(lines, nil)))
	if err != nil || len(run.Samples) != 5 || len(run.Warnings) > 0 {
		t.Errorf("%v: %d samples, %q", err, len(run.Samples), run.Warnings)
	}
}
