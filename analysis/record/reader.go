package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrNotRunFile is returned for input whose first line is no run header.
var ErrNotRunFile = errors.New("not a run file: its first line is no run header")

// NewerSchemaError is returned for a file that a newer version wrote.
type NewerSchemaError struct{ File, Known int }

func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("run file has schema %d, this program reads up to %d: use a newer kn-coldstart", e.File, e.Known)
}

// Run is a whole run file in memory.
type Run struct {
	Header    Header
	Samples   []Sample
	Events    []Event
	Resources []Resource
	// End is nil when the run was killed.
	End *End
	// Warnings say what was read over, such as a last line that was cut off.
	Warnings []string
}

// ReadFile reads the run file at path; "-" is standard input.
func ReadFile(path string) (*Run, error) {
	if path == "-" {
		return Read(os.Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read run file: %w", err)
	}
	defer f.Close()
	run, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("read run file %s: %w", path, err)
	}
	return run, nil
}

// Read reads a run. A last line that is cut off is read over with a warning; a
// broken line elsewhere is an error that names its number. Lines of a type that
// this version does not know are read over with a warning.
func Read(r io.Reader) (*Run, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	run := &Run{}
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		last := errors.Is(err, io.EOF)
		if len(bytes.TrimSpace(line)) > 0 {
			if lineErr := run.add(number, line); lineErr != nil {
				if !last || number == 1 {
					return nil, fmt.Errorf("line %d: %w", number, lineErr)
				}
				run.warn("line %d is cut off and was read over", number)
			}
		}
		if last {
			break
		}
	}
	return run.check()
}

func (run *Run) check() (*Run, error) {
	if run.Header.Type != TypeRun {
		return nil, ErrNotRunFile
	}
	run.completeHeader()
	if run.End == nil {
		run.warn("the run did not end: it was killed, or is still running")
	}
	return run, nil
}

// completeHeader takes into the header what was known only later.
func (run *Run) completeHeader() {
	for _, e := range run.Events {
		for i, class := range run.Header.Classes {
			if e.Kind == EventImageDigest && e.RuntimeClass == class.Name {
				run.Header.Classes[i].ImageDigest = e.Message
			}
		}
	}
}

func (run *Run) warn(format string, args ...any) {
	run.Warnings = append(run.Warnings, fmt.Sprintf(format, args...))
}

func (run *Run) add(number int, line []byte) error {
	var kind struct {
		Type   Type `json:"type"`
		Schema int  `json:"schema"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		if number == 1 {
			return ErrNotRunFile
		}
		return err
	}
	if number == 1 && kind.Type != TypeRun {
		return ErrNotRunFile
	}
	if kind.Schema > SchemaVersion {
		return &NewerSchemaError{File: kind.Schema, Known: SchemaVersion}
	}
	return run.decode(number, kind.Type, line)
}

func (run *Run) decode(number int, kind Type, line []byte) error {
	switch kind {
	case TypeRun:
		if number != 1 {
			return errors.New("a second run header")
		}
		return json.Unmarshal(line, &run.Header)
	case TypeSample:
		return appendLine(&run.Samples, line)
	case TypeEvent:
		return appendLine(&run.Events, line)
	case TypeResource:
		return appendLine(&run.Resources, line)
	case TypeEnd:
		var end End
		if err := json.Unmarshal(line, &end); err != nil {
			return err
		}
		run.End = &end
		return nil
	}
	run.warn("line %d has the unknown type %q and was read over", number, kind)
	return nil
}

func appendLine[T any](to *[]T, line []byte) error {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return err
	}
	*to = append(*to, v)
	return nil
}
