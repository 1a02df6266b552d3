package loadgen

import (
	"context"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// schedule is a vegeta.Pacer that releases each hit at an instant fixed
// beforehand, so that an arrival that runs late can be told from one that is due.
type schedule struct {
	rate    float64
	offsets []time.Duration
	// now is the run's clock, origin its reading when the attack began. The first
	// call of Pace sets it, before any hit is released.
	now    func() time.Duration
	origin time.Duration
}

var _ vegeta.Pacer = (*schedule)(nil)

// Pace is the time until the next hit is due.
func (s *schedule) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	if hits == 0 {
		s.origin = s.now() - elapsed
	}
	if hits >= uint64(len(s.offsets)) {
		return 0, true
	}
	return max(0, s.offsets[hits]-elapsed), false
}

// Rate is the mean rate in hits per second.
func (s *schedule) Rate(time.Duration) float64 { return s.rate }

// intended is when hit i is due, on the run's clock.
func (s *schedule) intended(i int) time.Duration { return s.origin + s.offsets[i] }

// interruptible is a Pacer that waits itself instead of telling the attacker how
// long to: the attacker's own sleep cannot be interrupted, and may be minutes.
type interruptible struct {
	ctx context.Context
	vegeta.Pacer
}

// Pace returns when the next hit is due, and stops when the context has ended.
func (p interruptible) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	wait, stop = p.Pacer.Pace(elapsed, hits)
	if stop || p.ctx.Err() != nil {
		return 0, true
	}
	select {
	case <-time.After(wait):
		return 0, false
	case <-p.ctx.Done():
		return 0, true
	}
}
