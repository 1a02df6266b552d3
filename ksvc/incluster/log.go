package incluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// log is the log of a container, read by one stream after the other. Each line begins with
// the time at which it was written, and no two lines are the same.
//
//	first stream:   1 2 3 4 5 ✕ it breaks off
//	second stream:        4 5 6 7 …   from the second of line 5 on
//	lines:          1 2 3 4 5 6 7 …
//
// A line that the kubelet has removed meanwhile, because the log had grown too long, never
// comes: the receipt at the end tells.
type log struct {
	// open opens a stream of what was written since a time, in whole seconds, or of all if
	// it is zero.
	open func(ctx context.Context, since time.Time) (io.ReadCloser, error)
	// last is the last line that came, and lastAt when it was written.
	last   []byte
	lastAt time.Time
}

// errNoLine is a text that is no line of a log, such as one with which the kubelet says
// that it cannot read it.
var errNoLine = errors.New("it has no time")

// read reads one stream to its end, and gives the text of each line that is new. The error
// of emit ends it, too.
func (l *log) read(ctx context.Context, emit func(text []byte) error) error {
	stream, err := l.open(ctx, l.lastAt.Truncate(time.Second))
	if err != nil {
		return err
	}
	defer stream.Close()
	in, repeats := bufio.NewReaderSize(stream, 64<<10), l.last != nil
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what was read of a line comes again
		}
		if err != nil {
			return err
		}
		line = bytes.TrimSuffix(line, []byte{'\n'})
		at, text, err := split(line)
		if err != nil {
			return fmt.Errorf("%s: %w", bytes.TrimSpace(line), err)
		}
		if repeats && !at.After(l.lastAt) {
			repeats = !bytes.Equal(line, l.last)
			continue
		}
		repeats = false
		if err := emit(text); err != nil {
			return &emitError{err}
		}
		l.last, l.lastAt = line, at
	}
}

// emitError is the error of who takes the lines.
type emitError struct{ error }

func (e *emitError) Unwrap() error { return e.error }

// split takes the time off a line.
func split(line []byte) (time.Time, []byte, error) {
	stamp, text, found := bytes.Cut(line, []byte{' '})
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if !found || err != nil {
		return time.Time{}, nil, errNoLine
	}
	return at, text, nil
}
