package stat

import (
	"math"
	"time"
)

// LogQuantile is the mean logarithm, in nanoseconds, of the q-quantile over all
// subsets of m of the samples, m at most N. With m = N it is the quantile's own
// logarithm. Taking the same m for runs of different sizes keeps their
// quantiles comparable: the p99 of 20 samples is their maximum, that of 200 is
// not, and the two estimate different things.
//
// Samples over the limit, and those known only to exceed it, count as the
// limit; clipped is the weight that they have in the result, from 0 to 1.
// A limit of zero is none.
func (s *Set) LogQuantile(q float64, m int, limit time.Duration) (mean, clipped float64) {
	k := Rank(q, m)
	// The j-th smallest of n is the k-th smallest of a subset when k-1 of those
	// below and m-k of those above it are chosen.
	all := logWays(s.n, m)
	for j := k; j <= s.n-m+k; j++ {
		weight := math.Exp(logWays(j-1, k-1) + logWays(s.n-j, m-k) - all)
		v := s.Order(j)
		if v.Over || (limit > 0 && v.Latency > limit) {
			clipped += weight
			v = clip(v, limit)
		}
		mean += weight * math.Log(math.Max(float64(v.Latency), 1))
	}
	return mean, clipped
}

func clip(p Point, limit time.Duration) Point {
	if limit > 0 {
		p.Latency = min(p.Latency, limit)
	}
	return p
}

func logWays(n, k int) float64 {
	if k == 0 || k == n {
		return 0
	}
	return logFactorial(n) - logFactorial(k) - logFactorial(n-k)
}

func logFactorial(n int) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}

// Limit is the smallest limit of a censored sample, zero if there is none.
func (s *Set) Limit() time.Duration { return s.limit }

// Logs are the logarithms of the samples, in ascending order; those that are
// over the limit count as it.
func (s *Set) Logs(limit time.Duration) []float64 {
	logs := make([]float64, s.n)
	for i := range logs {
		v := clip(s.Order(i+1), limit)
		logs[i] = math.Log(math.Max(float64(v.Latency), 1))
	}
	return logs
}
