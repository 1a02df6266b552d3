package headway

import "time"

// recentEnds is over how many ends the rate is taken: a cluster gets slower or faster.
const recentEnds = 20

// recent are the latest ends.
type recent struct {
	at [recentEnds]time.Time
	n  int
}

func (r *recent) add(at time.Time) {
	r.at[r.n%recentEnds] = at
	r.n++
}

// rate is how many a second there are until now, zero when that is not known. An end that
// is awaited for longer than usual lowers it.
func (r *recent) rate(now time.Time) float64 {
	kept := min(r.n, recentEnds)
	if kept < 2 {
		return 0
	}
	first := r.at[(r.n-kept)%recentEnds]
	last := r.at[(r.n-1)%recentEnds]
	between := last.Sub(first).Seconds()
	if between <= 0 {
		return 0
	}
	rate := float64(kept-1) / between
	if waited := now.Sub(first).Seconds(); float64(kept)/waited < rate {
		return float64(kept) / waited
	}
	return rate
}
