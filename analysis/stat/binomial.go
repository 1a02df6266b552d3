package stat

import "math"

// Binomial is the number of successes in N independent trials that each
// succeed with probability P.
type Binomial struct {
	N int
	P float64
}

// CDF is the probability of at most k successes.
//
// The terms are built by their recurrence outwards from the largest one and
// divided by their sum, so nothing under- or overflows and no term is
// approximated; those below 1e-20 of the sum are left out.
func (b Binomial) CDF(k int) float64 {
	switch {
	case k < 0:
		return 0
	case k >= b.N || b.P <= 0:
		return 1
	case b.P >= 1:
		return 0
	}
	mode := min(int(float64(b.N+1)*b.P), b.N)
	odds := b.P / (1 - b.P)
	var below, total float64
	add := func(j int, w float64) bool {
		total += w
		if j <= k {
			below += w
		}
		return w > total*1e-20
	}
	for j, w := mode, 1.0; j <= b.N && add(j, w); j++ {
		w *= float64(b.N-j) / float64(j+1) * odds
	}
	for j, w := mode, 1.0; j > 0; j-- {
		w *= float64(j) / (float64(b.N-j+1) * odds)
		if !add(j-1, w) {
			break
		}
	}
	return below / total
}

// ShareBounds are the one-sided lower and upper bounds of a share of which k of
// n were seen, each at the given confidence: Clopper and Pearson, "The use of
// confidence or fiducial limits", Biometrika 26 (1934). With n = 0 they are 0
// and 1.
func ShareBounds(k, n int, confidence float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	tail := 1 - confidence
	low, high = 0, 1
	if k > 0 {
		low = solve(func(p float64) bool { return 1-Binomial{n, p}.CDF(k-1) < tail })
	}
	if k < n {
		high = solve(func(p float64) bool { return Binomial{n, p}.CDF(k) > tail })
	}
	return low, high
}

// solve finds where below turns from true to false on [0, 1].
func solve(below func(float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if mid := (low + high) / 2; below(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// SamplesNeeded is the least number of samples with which the q-quantile has a
// one-sided bound at the confidence, on the side that is further from the
// median: 29 for p90, 59 for p95, 299 for p99, 2995 for p99.9 at 95 %.
func SamplesNeeded(q, confidence float64) int {
	q = math.Max(q, 1-q)
	if q >= 1 {
		return math.MaxInt
	}
	return int(math.Ceil(math.Log(1-confidence) / math.Log(q)))
}
