package record

import "time"

// Clock is a run's one clock: monotonic, zero at the run's start.
type Clock struct{ start time.Time }

// NewClock starts a clock.
func NewClock() Clock { return Clock{start: time.Now()} }

// Start is the wall time at zero.
func (c Clock) Start() time.Time { return c.start }

// Now is the time since the start.
func (c Clock) Now() time.Duration { return time.Since(c.start) }

// At converts an instant. The result is exact for an instant with a monotonic reading.
// For a wall time from elsewhere it is as exact as the two clocks agree.
func (c Clock) At(t time.Time) time.Duration { return t.Sub(c.start) }
