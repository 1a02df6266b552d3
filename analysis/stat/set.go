package stat

import (
	"math"
	"slices"
	"time"
)

// Set is a set of latencies. Some may be censored: known only to exceed a limit.
// Some may have failed: they are slower than any that did not. It does not change
// once made.
//
// Order statistics are exact as long as every censored sample is certain to
// rank above them. With one common limit these are the quantiles up to
// (n-c-f)/n, of c censored and f failed samples. With several limits, an observed
// value above the smallest of them cannot be ranked either, and counts as over
// that limit.
type Set struct {
	observed []time.Duration // sorted
	ranked   []time.Duration // those of them at or below every limit
	n        int
	censored int
	failed   int
	limit    time.Duration // the smallest
	highest  Point
}

// NewSet makes a set of observed latencies and of the limits that the censored
// ones exceeded. It sorts observed in place and keeps it.
func NewSet(observed, limits []time.Duration) *Set { return NewRanked(observed, limits, 0) }

// NewRanked is NewSet with a number of samples that failed, which rank above all
// others.
func NewRanked(observed, limits []time.Duration, failed int) *Set {
	slices.Sort(observed)
	s := &Set{observed: observed, ranked: observed, n: len(observed) + len(limits) + failed, censored: len(limits), failed: failed}
	if len(observed) > 0 {
		s.highest = Point{Latency: observed[len(observed)-1]}
	}
	if len(limits) > 0 {
		s.limit = slices.Min(limits)
		s.highest = Point{Latency: max(s.highest.Latency, slices.Max(limits)), Over: true}
		after, _ := slices.BinarySearch(observed, s.limit+1)
		s.ranked = observed[:after]
	}
	if failed > 0 {
		s.highest.Over, s.highest.Failed = true, true
	}
	return s
}

// Answered is the set of the observed latencies alone.
func (s *Set) Answered() *Set { return NewSet(s.observed, nil) }

// N is the number of samples, censored and failed ones included.
func (s *Set) N() int { return s.n }

// Censored is the number of censored samples.
func (s *Set) Censored() int { return s.censored }

// Failed is the number of samples that failed.
func (s *Set) Failed() int { return s.failed }

// Order is the rank-th smallest, counted from 1 to N.
func (s *Set) Order(rank int) Point {
	switch {
	case rank <= len(s.ranked):
		return Point{Latency: s.ranked[rank-1]}
	case rank <= s.n-s.failed:
		return Point{Latency: s.limit, Over: true}
	}
	return s.highest
}

// Rank is the rank of the q-quantile: the smallest that has at least the share
// q of the samples at or below it. This is the inverse of the empirical
// distribution (definition 1 of Hyndman and Fan, "Sample quantiles in
// statistical packages", 1996), and what an HDR histogram answers.
func (s *Set) Rank(q float64) int { return Rank(q, s.n) }

// Rank is the rank of the q-quantile of n samples.
func Rank(q float64, n int) int {
	// 0.07 * 100 is a little over 7 in floating point.
	return min(max(int(math.Ceil(q*float64(n)-1e-9)), 1), n)
}

// Quantile is the q-quantile, q in [0, 1]. The set must not be empty.
func (s *Set) Quantile(q float64) Point { return s.Order(s.Rank(q)) }

// Min is the smallest. The set must not be empty.
func (s *Set) Min() Point { return s.Order(1) }

// Max is the largest: over the largest limit when a sample is censored, and a
// failure when one failed.
func (s *Set) Max() Point { return s.highest }

// Mean is the arithmetic mean. It does not exist, and ok is false, when a
// sample is censored or failed, or there is none.
func (s *Set) Mean() (mean time.Duration, ok bool) {
	if s.censored > 0 || s.failed > 0 || s.n == 0 {
		return 0, false
	}
	var sum float64
	for _, d := range s.ranked {
		sum += float64(d)
	}
	return time.Duration(math.Round(sum / float64(s.n))), true
}

// ShareBelow is the share of samples certain to be at or below d.
func (s *Set) ShareBelow(d time.Duration) float64 {
	if s.n == 0 {
		return 0
	}
	at, _ := slices.BinarySearch(s.ranked, d+1)
	return float64(at) / float64(s.n)
}

// UpTo counts, for each bound, the latencies that were observed at or below it.
func (s *Set) UpTo(bounds []time.Duration) []int {
	counts := make([]int, len(bounds))
	for i, bound := range bounds {
		counts[i], _ = slices.BinarySearch(s.observed, bound+1)
	}
	return counts
}

// Sum is the sum of the latencies that were observed, in seconds.
func (s *Set) Sum() float64 {
	var sum time.Duration
	for _, d := range s.observed {
		sum += d
	}
	return sum.Seconds()
}
