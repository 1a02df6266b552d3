package note

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note.json")
	var got map[string]int
	if err := Read(path, &got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a note: %v", err)
	}
	for _, want := range []int{1, 2} {
		if err := Write(path, map[string]int{"a": want}); err != nil {
			t.Fatal(err)
		}
		if err := Read(path, &got); err != nil || got["a"] != want {
			t.Errorf("got %v, %v, want %d", got, err, want)
		}
	}
	if _, err := os.Stat(Temporary(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file is still there: %v", err)
	}
}

// TestWriteKeepsTheOldNote holds that a reader never finds half a note: the old one stays
// until the new one is complete. The old one's file is open, so its text shows whether
// Write wrote into it.
func TestWriteKeepsTheOldNote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "note.json")
	if err := Write(path, "old"); err != nil {
		t.Fatal(err)
	}
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := Write(path, "new, and longer"); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 64)
	n, _ := old.Read(text)
	if string(text[:n]) != `"old"` {
		t.Errorf("the old file holds %q: it was written over", text[:n])
	}
}

func TestUnreadable(t *testing.T) {
	for _, text := range []string{"", "{", "\x00\x00\x00\x00"} {
		path := filepath.Join(t.TempDir(), "note.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var value map[string]int
		if err := Read(path, &value); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%q: %v, want %v", text, err, ErrUnreadable)
		}
	}
}
