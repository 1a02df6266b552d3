package stat

import (
	"math"
	"slices"
	"time"
)

// Set is a set of latencies of which some are censored: known only to exceed a
// limit. It does not change once made.
//
// Order statistics are exact as long as every censored sample is certain to
// rank above them. With one common limit these are the quantiles up to (n-c)/n.
// With several, an observed value above the smallest of them cannot be ranked
// either, and counts as over that limit.
type Set struct {
	ranked   []time.Duration // sorted, all at or below every limit
	n        int
	censored int
	limit    time.Duration // the smallest
	highest  Point
}

// NewSet makes a set of observed latencies and of the limits that the censored
// ones exceeded. It sorts observed in place and keeps it.
func NewSet(observed, limits []time.Duration) *Set {
	slices.Sort(observed)
	s := &Set{ranked: observed, n: len(observed) + len(limits), censored: len(limits)}
	if len(observed) > 0 {
		s.highest = Point{Latency: observed[len(observed)-1]}
	}
	if len(limits) == 0 {
		return s
	}
	s.limit = slices.Min(limits)
	s.highest = Point{Latency: max(s.highest.Latency, slices.Max(limits)), Over: true}
	after, _ := slices.BinarySearch(observed, s.limit+1)
	s.ranked = observed[:after]
	return s
}

// N is the number of samples, censored ones included.
func (s *Set) N() int { return s.n }

// Censored is the number of censored samples.
func (s *Set) Censored() int { return s.censored }

// Order is the rank-th smallest, counted from 1 to N.
func (s *Set) Order(rank int) Point {
	if rank <= len(s.ranked) {
		return Point{Latency: s.ranked[rank-1]}
	}
	return Point{Latency: s.limit, Over: true}
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

// Max is the largest: over the largest limit when a sample is censored.
func (s *Set) Max() Point { return s.highest }

// Mean is the arithmetic mean. It does not exist, and ok is false, when a
// sample is censored or there is none.
func (s *Set) Mean() (mean time.Duration, ok bool) {
	if s.censored > 0 || s.n == 0 {
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
