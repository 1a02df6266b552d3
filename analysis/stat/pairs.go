package stat

import (
	"math"
	"slices"
	"time"
)

// Pair is what two sides measured next to each other, in random order.
type Pair struct {
	Base, New time.Duration
	// Limit is what either is known up to; zero is no limit. A side that is over
	// it counts as the limit.
	Limit time.Duration
}

// LogRatio is how much larger the logarithm of New is than that of Base, had
// Base been larger by shift. Both are cut off at one limit, so that swapping the
// sides changes the sign and nothing else; over the limit both are the same.
func (p Pair) LogRatio(shift float64) float64 {
	base, new := logOf(p.Base)+shift, logOf(p.New)
	if p.Limit > 0 {
		limit := logOf(p.Limit) + min(shift, 0)
		base, new = min(base, limit), min(new, limit)
	}
	return new - base
}

// Slower is the p-value of New being larger than Base by more than the factor
// exp(shift), which holds at every look: see Evidence.
func Slower(pairs []Pair, shift float64) float64 {
	var e Evidence
	for _, p := range pairs {
		e.Add(p.LogRatio(shift))
	}
	return e.P()
}

// Faster is the p-value of New being larger by less than the factor.
func Faster(pairs []Pair, shift float64) float64 {
	var e Evidence
	for _, p := range pairs {
		e.Add(-p.LogRatio(shift))
	}
	return e.P()
}

// PairBounds are the one-sided lower and upper bounds of the logarithm of the
// ratio within a pair, each at 1-level; infinite where there is none. They hold
// at every look: Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform,
// nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49
// (2021). What they bound is the centre that the logarithms of the ratios are
// symmetric around.
func PairBounds(pairs []Pair, level float64) (low, high float64) {
	least, greatest := math.Inf(1), math.Inf(-1)
	for _, p := range pairs {
		d := p.LogRatio(0)
		least, greatest = min(least, d-1), max(greatest, d+1)
	}
	low, high = math.Inf(-1), math.Inf(1)
	if Slower(pairs, least) <= level {
		low = least + solve(func(x float64) bool { return Slower(pairs, least+x*(greatest-least)) <= level })*(greatest-least)
	}
	if Faster(pairs, greatest) <= level {
		high = greatest - solve(func(x float64) bool { return Faster(pairs, greatest-x*(greatest-least)) <= level })*(greatest-least)
	}
	return low, high
}

// Centre is the logarithm of the ratio within a pair: the median of the means of
// all two ratios, which is what a signed-rank test tests. Hodges and Lehmann,
// "Estimates of location based on rank tests", Annals of Mathematical Statistics
// 34 (1963).
func Centre(logRatios []float64) float64 {
	sorted := slices.Sorted(slices.Values(logRatios))
	low, high := sorted[0], sorted[len(sorted)-1]
	return low + (high-low)*solve(func(x float64) bool { return MeansAbove(sorted, low+(high-low)*x) > 0.5 })
}

// MeansAbove is the share of the means of all two values, each with itself
// included, that are above x. Half of them are above the Centre.
func MeansAbove(sorted []float64, x float64) float64 {
	above, from := 0, len(sorted)
	for i, v := range sorted {
		for from > 0 && sorted[from-1]+v > 2*x {
			from--
		}
		above += len(sorted) - max(from, i) // each two once
	}
	n := len(sorted)
	return float64(above) / float64(n*(n+1)/2)
}
