package load

import "time"

// Recovery says how long it took until p99 of a second was under a limit again.
type Recovery struct {
	Limit time.Duration `json:"limitNs"`
	// Episodes are the stretches from a second that was not under the limit to the last one
	// before it was shown to be under it again.
	Episodes []Episode `json:"episodes,omitempty"`
	// Longest is the length of the longest one. Never says that the last one lasted until
	// the load ended.
	Longest time.Duration `json:"longestNs"`
	Never   bool          `json:"never,omitempty"`
}

// Episode is a stretch of seconds without one that was under the limit, From and To
// included.
type Episode struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Length is how long it lasted.
func (e Episode) Length() time.Duration { return time.Duration(e.To-e.From+1) * time.Second }

// recoveryOf looks at the seconds in which requests were due. One that had none shows
// nothing: it neither begins nor ends an episode.
func recoveryOf(seconds []Second, limit time.Duration) Recovery {
	r := Recovery{Limit: limit}
	for i := range seconds {
		s := &seconds[i]
		if s.Due == 0 {
			continue
		}
		over := s.P99.Failed || s.P99.Latency >= limit
		if over && !r.Never {
			r.Episodes = append(r.Episodes, Episode{From: s.Second})
		}
		if n := len(r.Episodes); over {
			r.Episodes[n-1].To = s.Second
		} else if r.Never {
			r.Episodes[n-1].To = s.Second - 1
		}
		r.Never = over
	}
	for _, e := range r.Episodes {
		r.Longest = max(r.Longest, e.Length())
	}
	return r
}
