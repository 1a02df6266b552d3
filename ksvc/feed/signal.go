package feed

import (
	"context"
	"time"
)

// Signal wakes everyone who waits for a change. The zero value is ready. Its
// methods are called with the owner's lock held.
type Signal struct{ c chan struct{} }

// Next is closed at the next change.
func (s *Signal) Next() <-chan struct{} {
	if s.c == nil {
		s.c = make(chan struct{})
	}
	return s.c
}

// Fire tells of a change.
func (s *Signal) Fire() {
	if s.c != nil {
		close(s.c)
		s.c = nil
	}
}

// Pause returns at a change, or after a while if that is not zero. It returns ctx's
// error if ctx ends first.
func Pause(ctx context.Context, changed <-chan struct{}, while time.Duration) error {
	var after <-chan time.Time
	if while > 0 {
		t := time.NewTimer(while)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-after:
	}
	return nil
}
