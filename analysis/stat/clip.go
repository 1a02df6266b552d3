package stat

import (
	"math"
	"time"
)

// LogQuantile is the logarithm, in nanoseconds, of the q-quantile. What is over
// the limit, known only to exceed it, or failed counts as the limit; clipped says
// that the quantile does. A limit of zero is none: then a failure counts as the
// largest latency that is known.
func (s *Set) LogQuantile(q float64, limit time.Duration) (value float64, clipped bool) {
	p := s.Quantile(q)
	clipped = p.Over || limit > 0 && p.Latency > limit
	return logOf(clip(p, limit)), clipped
}

func clip(p Point, limit time.Duration) time.Duration {
	if limit > 0 && (p.Over || p.Latency > limit) {
		return limit
	}
	return p.Latency
}

func logOf(d time.Duration) float64 { return math.Log(math.Max(float64(d), 1)) }

// Limit is the smallest limit of a censored sample, zero if there is none.
func (s *Set) Limit() time.Duration { return s.limit }

// Highest is the largest latency that is known.
func (s *Set) Highest() time.Duration { return s.highest.Latency }
