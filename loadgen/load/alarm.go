package load

import (
	"context"
	"time"
)

// alarm wakes a loop when a request is due.
type alarm interface {
	// wait returns after a while, or with an error: that of ctx when it ends before, or what
	// keeps the alarm from waking. ctx is the same each time.
	wait(ctx context.Context, d time.Duration) error
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

func (t timer) wait(ctx context.Context, d time.Duration) error {
	t.Reset(d)
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
