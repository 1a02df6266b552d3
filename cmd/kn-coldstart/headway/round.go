package headway

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// round is the round that is under way, or the latest one.
type round struct {
	firing           experiment.RoundFiring
	before           record.InstanceCount
	began, ended     time.Time
	answered, failed int
}

func newRound(n experiment.RoundFiring, now time.Time) *round {
	return &round{firing: n, before: n.Instances(), began: now}
}

func (r *round) count(failed bool) {
	if failed {
		r.failed++
	} else {
		r.answered++
	}
}

// rate is how many requests a second were answered or have failed.
func (r *round) rate(now time.Time) float64 {
	if !r.ended.IsZero() {
		return 0
	}
	return perSecond(r.answered+r.failed, now.Sub(r.began))
}

func perSecond(n int, in time.Duration) float64 {
	if in <= 0 {
		return 0
	}
	return float64(n) / in.Seconds()
}

// rounds counts rounds. Where a search makes them, none are planned.
type rounds struct {
	begun         bool
	done, planned int
	// last is when the latest one was done.
	last time.Time
}

// left is how long the rest takes, as far as all rounds take equally long, and whether that
// is known.
func (r *rounds) left(began, now time.Time) (time.Duration, bool) {
	if r.done == 0 || r.planned == 0 {
		return 0, false
	}
	each := r.last.Sub(began) / time.Duration(r.done)
	return max(0, began.Add(each*time.Duration(r.planned)).Sub(now)), true
}
