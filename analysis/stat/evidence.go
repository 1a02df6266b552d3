package stat

import (
	"math"
	"slices"
)

// stakes are the shares of their wealth that bettors put up. A small one gains
// in noise, a large one where every difference points the same way.
var stakes = []float64{0.1, 0.2, 0.35, 0.5, 0.75, 0.95}

// Evidence gathers, one difference after the other, what speaks against their
// being as often below zero as above, and in favour of above. It may be looked
// at after each of them, and gathering may stop whenever one likes: the chance
// that Shown ever says so, however long one goes on, is no more than its level
// if the differences are symmetric around zero, and about so if around less.
//
// It is a bet on the next sign. Bettors put up a fixed share of their wealth,
// weighted by how large the difference is beside those so far, and win or lose
// it by the sign. Where the sign is that of a fair coin whatever the size, the mean
// of their wealths is a martingale, and by Ville's inequality reaches 1/level
// with no more than that probability: Shafer, "Testing by betting", JRSS A 184
// (2021); Waudby-Smith and Ramdas, "Estimating means of bounded random variables
// by betting", JRSS B 86 (2024). Nothing is approximated and no number of
// differences is too small, though at 5 % it takes seven to show anything.
type Evidence struct {
	sizes  []float64 // ascending
	wealth []float64 // of each stake
	most   float64
}

// Add takes the next difference. One of zero says nothing.
func (e *Evidence) Add(difference float64) {
	if difference == 0 {
		return
	}
	if e.wealth == nil {
		e.wealth = slices.Repeat([]float64{1}, len(stakes))
	}
	bet := e.weight(math.Abs(difference))
	if difference < 0 {
		bet = -bet
	}
	var sum float64
	for i, stake := range stakes {
		e.wealth[i] *= 1 + stake*bet
		sum += e.wealth[i]
	}
	e.most = max(e.most, sum/float64(len(stakes)))
}

// weight is 1 for the larger half of the sizes so far, and the share of their
// median below: a small difference says little by its sign, and one that is very
// large no more than a large one (as in Huber's estimators). It may depend on
// sizes alone, not on signs.
func (e *Evidence) weight(size float64) float64 {
	at, _ := slices.BinarySearch(e.sizes, size)
	e.sizes = slices.Insert(e.sizes, at, size)
	return min(1, size/e.sizes[(len(e.sizes)-1)/2])
}

// P is a p-value that holds at every look: the chance of ever seeing as much.
func (e *Evidence) P() float64 {
	if e.most <= 1 {
		return 1
	}
	return 1 / e.most
}
