// Package note keeps small facts in files: which process runs, what has to be put back.
// A note is either the old one or the new one, whatever happens to the machine while it is
// written.
package note

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrUnreadable is the error of Read for a file whose text is no note, such as the empty
// file that a power failure can leave.
var ErrUnreadable = errors.New("the file is no note")

// Temporary is the file that Write writes before it renames it to path. A process that is
// killed meanwhile leaves it.
func Temporary(path string) string { return path + ".new" }

// Write replaces the note at path. When it returns, the note is on the disk.
func Write(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := writeSynced(Temporary(path), text); err != nil {
		return err
	}
	if err := os.Rename(Temporary(path), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder makes the names in a folder last. Without it, a power failure can bring the
// earlier note back.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Read reads the note at path into value. Its error is fs.ErrNotExist where there is no
// note, and ErrUnreadable where the file holds something else. Value is then undefined.
func Read(path string, value any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("read %s: %w: %w", path, ErrUnreadable, err)
	}
	return nil
}
