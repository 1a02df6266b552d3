package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Writer appends lines to a run file. Each line is one write to the file, so
// killing the process loses at most the line being written. A line of which a full disk
// took only a part is an error, and costs no other line. A Writer may be used by several
// goroutines.
type Writer struct {
	mu      sync.Mutex
	out     io.Writer
	close   func() error
	samples int
	// intervals, deployments and works count those that were written.
	intervals, deployments, works int
	// torn says that the last line in the file is incomplete.
	torn bool
	// written are the lines that are complete.
	written digest
}

// Create makes a new run file at path, with the folders above it, and writes
// its header; "-" is standard output. It refuses to overwrite a file. Other users of the
// machine cannot read the file, because it says what was requested, and how.
func Create(path string, h Header) (*Writer, error) {
	if path == "-" {
		return NewWriter(os.Stdout, h)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("create run file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create run file: %w", err)
	}
	w, err := NewWriter(f, h)
	if err != nil {
		// Without its first line the file is no run file, and would be in the next one's way.
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	w.close = func() error { return errors.Join(f.Sync(), f.Close()) }
	return w, nil
}

// NewWriter writes a run's header to out and returns a Writer for the rest. Values that the
// function was given stand in the file as hashes.
func NewWriter(out io.Writer, h Header) (*Writer, error) {
	w := &Writer{out: out, close: func() error { return nil }}
	h.Type, h.Schema, h.Settings = TypeRun, SchemaVersion, h.Settings.concealed()
	return w, w.line(h)
}

// Request appends what is known of a sample before it is proven. Its sample follows.
func (w *Writer) Request(s Sample) error { return w.line(s.request()) }

// Sample appends a sample. It takes the place of its request.
func (w *Writer) Sample(s Sample) error {
	s.Type = TypeSample
	if err := w.line(s); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.samples++
	return nil
}

// Event appends an event.
func (w *Writer) Event(e Event) error {
	e.Type = TypeEvent
	return w.line(e)
}

// Resource appends a reading.
func (w *Writer) Resource(r Resource) error {
	r.Type = TypeResource
	return w.line(r)
}

// Span appends a span.
func (w *Writer) Span(s TraceSpan) error {
	s.Type = TypeSpan
	return w.line(s)
}

// Interval appends an interval.
func (w *Writer) Interval(i Interval) error {
	i.Type = TypeInterval
	if err := w.line(i); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.intervals++
	return nil
}

// Deployment appends a deployment, or a removal if that is its type.
func (w *Writer) Deployment(d Deployment) error {
	if d.Type != TypeRemoval {
		d.Type = TypeDeployment
	}
	if err := w.line(d); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deployments++
	return nil
}

// Work appends a work.
func (w *Writer) Work(one Work) error {
	one.Type = TypeWork
	if err := w.line(one); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.works++
	return nil
}

// End appends the last line, at the given time and for the given reason, and
// closes the file. cause may be nil.
func (w *Writer) End(at time.Duration, reason string, cause error) error {
	w.mu.Lock()
	e := End{Type: TypeEnd, At: at, Reason: reason, Samples: w.samples, Intervals: w.intervals, Deployments: w.deployments, Works: w.works}
	w.mu.Unlock()
	if cause != nil {
		e.Error = cause.Error()
	}
	if err := w.line(e); err != nil {
		return err
	}
	return w.close()
}

func (w *Writer) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode run file line: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(b, '\n')
	if w.torn {
		// The reader skips the incomplete line alone, if this one does not continue it.
		text = append([]byte("\n"), text...)
	}
	n, err := w.out.Write(text)
	if err != nil {
		w.torn = w.torn || n > 0
		return fmt.Errorf("write run file: %w", err)
	}
	w.torn = false
	w.written.add(b)
	return nil
}

// Receipt says what was written so far.
func (w *Writer) Receipt() Receipt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.written.receipt()
}
