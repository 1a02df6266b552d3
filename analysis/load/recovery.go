package load

import "time"

// Recovery says how long p99 of a second was not under a limit.
type Recovery struct {
	Limit time.Duration `json:"limitNs"`
	// Episodes are the stretches of seconds of which none was under the limit.
	Episodes []Episode `json:"episodes,omitempty"`
	// Longest is the length of the longest one. Never says that the last one lasted until
	// the load ended.
	Longest time.Duration `json:"longestNs"`
	Never   bool          `json:"never,omitempty"`
}

// Episode is a stretch of seconds that were not under the limit, From and To included.
type Episode struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Length is how long it lasted.
func (e Episode) Length() time.Duration { return time.Duration(e.To-e.From+1) * time.Second }

// recoveryOf looks at the seconds in which requests were due. One that had none says
// nothing, and ends nothing.
func recoveryOf(seconds []Second, limit time.Duration) Recovery {
	r := Recovery{Limit: limit}
	over := false
	for i := range seconds {
		s := &seconds[i]
		if s.Due == 0 {
			continue
		}
		was := over
		if over = s.P99.Failed || s.P99.Latency >= limit; !over {
			continue
		}
		if !was {
			r.Episodes = append(r.Episodes, Episode{From: s.Second})
		}
		last := &r.Episodes[len(r.Episodes)-1]
		last.To = s.Second
		r.Longest = max(r.Longest, last.Length())
	}
	r.Never = over
	return r
}
