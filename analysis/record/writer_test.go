package record

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// disk takes free bytes, and then says that it is full.
type disk struct {
	bytes.Buffer
	free int
}

func (d *disk) Write(p []byte) (int, error) {
	n := min(len(p), d.free)
	d.Buffer.Write(p[:n])
	d.free -= n
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

// Wherever a disk gets full, only the lines that it did not take are lost, although the
// run goes on once there is room again. It gets full twice, perhaps within one line.
func TestAFullDiskLosesNoOtherLine(t *testing.T) {
	whole := file(t, 1)
	line := len(whole) / 2 // about
	for first := range 2 * line {
		for _, then := range []int{0, 1, line} {
			d := &disk{free: 1 << 20}
			w, err := NewWriter(d, header())
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			write := func(i, free int) {
				d.free = free
				switch err := w.Sample(sample(i)); {
				case err == nil:
					want++
				case !errors.Is(err, syscall.ENOSPC):
					t.Fatal(err)
				}
			}
			write(0, 1<<20)
			write(1, first)
			write(2, then)
			write(3, 1<<20)
			if err := w.End(0, EndCompleted, nil); err != nil {
				t.Fatal(err)
			}
			run, err := Read(&d.Buffer)
			if err != nil {
				t.Fatalf("after %d and %d bytes: %v", first, then, err)
			}
			// A line that lacks its line break alone is whole, and is read too.
			extra := len(run.Samples) - want
			if extra < 0 || extra > 1 || run.End == nil || run.End.Samples != want {
				t.Fatalf("after %d and %d bytes: %d samples and end %+v, want %d, or one more; warnings %v",
					first, then, len(run.Samples), run.End, want, run.Warnings)
			}
		}
	}
}

// Other users of the machine have no business with what was measured and how.
func TestRunFilesAreTheUsersOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path, header())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(0, EndCompleted, nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}
