package stat

import (
	"math"
)

// meanStakes are the shares of their wealth that bettors on a mean put up.
var meanStakes = []float64{0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.99}

// MeanBounds are the one-sided lower and upper bounds, each at the confidence, of
// the mean of what the values are drawn from, which lies between zero and most. They
// hold whatever the shape, which no bound from the values' own spread does: a tail
// so thin that the values show nothing of it may still carry the mean away. So they
// are wide, and an upper bound takes about 3*most/d values to come within d.
//
// They are the means against which no bet wins enough: Waudby-Smith and Ramdas,
// "Estimating means of bounded random variables by betting", JRSS B 86 (2024).
func MeanBounds(values []float64, most, confidence float64) (low, high float64) {
	enough := -math.Log(1 - confidence)
	low = most * solve(func(x float64) bool {
		m := x * most
		return m == 0 || wealth(values, func(v float64) float64 { return (v - m) / m }) >= enough
	})
	high = most * solve(func(x float64) bool {
		m := x * most
		return wealth(values, func(v float64) float64 { return (m - v) / (most - m) }) < enough
	})
	return low, high
}

// wealth is the logarithm of the bettors' mean wealth after all values. A bet gains
// the stake times the gain, which is -1 at the least.
func wealth(values []float64, gain func(float64) float64) float64 {
	logs := make([]float64, len(meanStakes))
	largest := math.Inf(-1)
	for i, stake := range meanStakes {
		for _, v := range values {
			logs[i] += math.Log1p(stake * math.Max(gain(v), -1))
		}
		largest = max(largest, logs[i])
	}
	var sum float64
	for _, l := range logs {
		sum += math.Exp(l - largest)
	}
	return largest + math.Log(sum/float64(len(logs)))
}
