package record

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrNotRunFile is returned for input whose first line is not a run header.
var ErrNotRunFile = errors.New("not a run file: its first line is no run header")

// NewerSchemaError is returned for a file that a newer version wrote.
type NewerSchemaError struct{ File, Known int }

// errNoSchema is returned for a file whose version nobody ever wrote.
var errNoSchema = errors.New("its schema is no number from 1 upwards")

func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("run file has schema %d, this program reads up to %d: use a newer kn-coldstart", e.File, e.Known)
}

// Run is a whole run file in memory.
type Run struct {
	Header    Header
	Samples   []Sample
	Events    []Event
	Resources []Resource
	// Intervals are the seconds of loads.
	Intervals []Interval
	// Deployments are deployments and removals of services.
	Deployments []Deployment
	// Works are the programs that were run.
	Works []Work
	// Spans are those that belong to no sample. The others are in Sample.Spans.
	Spans []TraceSpan
	// End is nil when the run was killed.
	End *End
	// Warnings say what was skipped, such as a last line that was cut off.
	Warnings []string
	// Damage says in what the file no longer is as the run wrote it: lines that are
	// broken, lines after the end, samples that are there twice. It is part of Warnings.
	// That samples are missing only package start can say.
	Damage []string
}

// ReadFile reads the run file at path; "-" is standard input.
func ReadFile(path string) (*Run, error) { return fromFile(path, Read) }

// WalkFile walks the run file at path; "-" is standard input.
func WalkFile(path string, v Visitor) (*Run, error) {
	return fromFile(path, func(r io.Reader) (*Run, error) { return Walk(r, v) })
}

func fromFile(path string, read func(io.Reader) (*Run, error)) (*Run, error) {
	if path == "-" {
		return read(os.Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read run file: %w", err)
	}
	defer f.Close()
	run, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("read run file %s: %w", path, err)
	}
	return run, nil
}

// Read reads a run, compressed by gzip or not. A last line that is cut off is skipped
// with a warning, and so are lines of a type that this version does not know and lines
// in the middle that are broken, such as those of a disk that was full for a while. The
// first line must be right. A request whose sample never came is a sample at the end,
// whose coldness is Unknown.
//
// What files of earlier versions say in words is in the fields of today afterwards.
func Read(r io.Reader) (*Run, error) {
	var kept Run
	run, err := Walk(r, Visitor{
		Sample:     func(s *Sample) { kept.Samples = append(kept.Samples, *s) },
		Event:      func(e *Event) { kept.Events = append(kept.Events, *e) },
		Resource:   func(u *Resource) { kept.Resources = append(kept.Resources, *u) },
		Span:       func(s *TraceSpan) { kept.Spans = append(kept.Spans, *s) },
		Interval:   func(i *Interval) { kept.Intervals = append(kept.Intervals, *i) },
		Deployment: func(d *Deployment) { kept.Deployments = append(kept.Deployments, *d) },
		Work:       func(w *Work) { kept.Works = append(kept.Works, *w) },
	})
	if err != nil {
		return nil, err
	}
	run.Samples, run.Events, run.Resources = kept.Samples, kept.Events, kept.Resources
	run.Intervals, run.Deployments, run.Works = kept.Intervals, kept.Deployments, kept.Works
	run.Spans = join(run.Samples, kept.Spans)
	return run, nil
}

// check is the last step of reading.
func (run *Run) check() (*Run, error) {
	if run.Header.Type != TypeRun {
		return nil, ErrNotRunFile
	}
	if run.End == nil {
		run.warn("the run did not end: it was killed, or is still running")
	}
	return run, nil
}
