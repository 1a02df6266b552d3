package stat

import "math"

// Below gathers, one difference after the other, what speaks for their mean being
// below a limit between 0 and 1. Differences are -1, 0 or 1: whether one side failed
// and the other did not. Like Evidence it may be looked at after each of them, and
// gathering may stop whenever one likes.
//
// It is a bet that the next difference is under the limit. If the mean is the limit
// or more, the bettors' wealth does not grow on average, and by Ville's inequality
// reaches 1/level with no more than that probability: Waudby-Smith and Ramdas,
// "Estimating means of bounded random variables by betting", JRSS B 86 (2024). With
// nothing but zeros a limit of 5 % takes 75 differences at 5 %.
type Below struct {
	// Limit is the mean that is to be shown not to be reached.
	Limit  float64
	wealth [2]float64
	begun  bool
	most   float64
}

// belowStakes are the shares that bettors put up of what they may: all of it gains
// most while nothing fails, less survives a failure.
var belowStakes = [2]float64{1, 0.4}

// Add takes the next difference.
func (b *Below) Add(difference float64) {
	if !b.begun {
		b.wealth, b.begun = [2]float64{1, 1}, true
	}
	var sum float64
	for i, stake := range belowStakes {
		b.wealth[i] *= 1 + stake/(1-b.Limit)*(1-1e-9)*(b.Limit-difference)
		sum += b.wealth[i]
	}
	b.most = max(b.most, sum/float64(len(b.wealth)))
}

// P is a p-value that holds at every look: the chance of ever seeing as much.
func (b *Below) P() float64 {
	if b.most <= 1 {
		return 1
	}
	return 1 / b.most
}

// MeanBelow is the upper bound, at 1-level and at every look, of the mean of the
// differences; 1 if they say nothing.
func MeanBelow(differences []float64, level float64) float64 {
	return solve(func(limit float64) bool {
		b := Below{Limit: math.Min(limit, 1-1e-6)}
		for _, d := range differences {
			b.Add(d)
		}
		return b.P() > level
	})
}
