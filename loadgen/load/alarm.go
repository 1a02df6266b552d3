package load

import (
	"context"
	"time"
)

// alarm wakes a loop when a request is due.
type alarm interface {
	// wait returns after a while, or false when ctx ends before. ctx is the same each time.
	wait(ctx context.Context, d time.Duration) bool
	close()
}

// timer is an alarm by Go's own timers. Where the program has nothing else to do, they
// are up to a millisecond late.
type timer struct{ *time.Timer }

func newTimer() timer {
	t := timer{time.NewTimer(time.Hour)}
	t.Stop()
	return t
}

func (t timer) close() { t.Stop() }

func (t timer) wait(ctx context.Context, d time.Duration) bool {
	t.Reset(d)
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
