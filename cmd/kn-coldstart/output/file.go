package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// WriteHDRLog writes the runs' latencies to a file as an HDR histogram log. An empty
// path means that none is wanted.
func WriteHDRLog(path string, runs ...*record.Run) error {
	return writeFile(path, "histogram log", func(w io.Writer) error { return report.HDRLog(w, runs...) })
}

// WriteJUnit writes the verdict to a file as JUnit XML. An empty path means that none
// is wanted.
func WriteJUnit(path string, j Judged) error {
	return writeFile(path, "JUnit XML", func(w io.Writer) error {
		var began time.Time
		if j.Summary != nil && len(j.Summary.Runs) > 0 {
			began = j.Summary.Runs[0].Started
		}
		return report.JUnit(w, j.Result, j.Inconclusive, began)
	})
}

// Prepare makes sure, before anything is judged or measured, that a file can be
// written: that its folder takes files, that it is none of the inputs, and that what an
// earlier command left there is gone, so that no old result stands beside a new exit code.
func Prepare(path, what string, inputs ...string) error {
	if err := Check(path, what, inputs...); err != nil || !keeps(path) {
		return err
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("write %s: remove what an earlier command left: %w", what, err)
	}
	return nil
}

// keeps says that there is a file that would keep what an earlier command left.
func keeps(path string) bool {
	found, err := os.Stat(path)
	return err == nil && found.Mode().IsRegular()
}

// Check is Prepare without its removal.
func Check(path, what string, inputs ...string) error {
	if path == "" {
		return nil
	}
	for _, input := range inputs {
		if filepath.Clean(input) == filepath.Clean(path) {
			return fmt.Errorf("write %s: %s is a file that is read", what, path)
		}
	}
	found, err := os.Stat(path)
	if os.IsNotExist(err) {
		return tryFolder(path, what)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	for _, input := range inputs {
		if other, err := os.Stat(input); err == nil && os.SameFile(found, other) {
			return fmt.Errorf("write %s: %s is a file that is read", what, path)
		}
	}
	if found.IsDir() {
		return fmt.Errorf("write %s: %s is a folder", what, path)
	}
	if !found.Mode().IsRegular() {
		return nil // a pipe or a device keeps nothing
	}
	if isRunFile(path) {
		return fmt.Errorf("write %s: %s is a run file: it would be lost", what, path)
	}
	return tryFolder(path, what)
}

// tryFolder makes a file beside path and removes it.
func tryFolder(path, what string) error {
	f, err := beside(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write %s: the folder %s does not exist: make it, or name another file", what, filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

// beside makes a file in the folder of path, so that it can be renamed to path.
func beside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
}

// isRunFile says that a file begins as a run file does.
func isRunFile(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 64)
	n, _ := io.ReadFull(f, head) // a short file is none
	return bytes.HasPrefix(bytes.ReplaceAll(head[:n], []byte(" "), nil), []byte(`{"type":"run"`))
}

// writeFile writes all of a file or nothing: a reader never finds a part of it.
func writeFile(path, what string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	var err error
	if found, statErr := os.Stat(path); statErr == nil && !found.Mode().IsRegular() {
		err = writeThrough(path, write) // a pipe or a device must not be replaced
	} else {
		err = replace(path, write)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

func writeThrough(path string, write func(io.Writer) error) error {
	out, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(out), out.Close())
}

// replace puts a new file in the place of path once it is complete and on the disk.
func replace(path string, write func(io.Writer) error) error {
	out, err := beside(path)
	if err != nil {
		return err
	}
	// Others may read a result, such as the build service that uploads it.
	err = errors.Join(write(out), out.Chmod(0o644), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return nil
}
