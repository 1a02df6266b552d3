package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// stream is what a worker tells of its order, being read.
type stream struct {
	*member
	order order
	// take is given each line. ready is called when the worker is ready, and when it is over.
	take  func(line) error
	ready func()
	// isReady says that the order waits for its start. It is set before ready is called.
	isReady bool
	// lose ends the reading with a reason. It is set before ready is called.
	lose context.CancelCauseFunc
	last *end
}

// read has the worker do its order, and reads what it says, to the end. Its error says what
// kept it from that.
func (s *stream) read(ctx context.Context) error {
	defer s.ready()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.lose = cancel
	var heard silence
	go heard.watch(ctx, func() { cancel(errSilent) })
	if err := s.post(ctx, pathOrder, s.order, nil); err != nil {
		return because(ctx, err)
	}
	answer, err := s.open(ctx, pathLines, nil)
	if err != nil {
		return because(ctx, err)
	}
	defer answer.Close()
	// Lines end with the last one, and not with the connection.
	lines := json.NewDecoder(bufio.NewReader(answer))
	for s.last == nil {
		var l line
		if err := lines.Decode(&l); err != nil {
			return because(ctx, err)
		}
		heard.interrupt()
		if err := s.heard(l); err != nil {
			return err
		}
		heard.begin()
	}
	if s.last.Error != "" {
		return errors.New(s.last.Error)
	}
	return nil
}

func (s *stream) heard(l line) error {
	if l.Ready {
		s.isReady = true
		s.ready()
	}
	s.last = l.End
	return s.take(l)
}

// because is the error of a request under a context, or why that was cancelled.
func because(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the connection to it broke: %w", err)
	}
	return err
}
