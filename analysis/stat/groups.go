package stat

import (
	"math"

	"github.com/aclements/go-moremath/mathx"
)

// Groups is an analysis of variance of values that come in groups.
type Groups struct {
	// Between is the variance of what all values of a group share.
	Between float64
	// P is the chance of groups that differ as much as these if they share nothing.
	P float64
	// Free is the degrees of freedom between the groups.
	Free int
}

// GroupsOf splits the variance of values into that between groups and that within
// them, over several sets of groups each of which has a mean of its own. Groups of
// fewer than two values are left out. ok is false where no set has two groups.
func GroupsOf(sets ...[][]float64) (g Groups, ok bool) {
	var between, within, sizes float64
	freeWithin := 0
	for _, set := range sets {
		var all []float64
		var squaredSizes float64
		k := 0
		for _, one := range set {
			if len(one) >= 2 {
				k++
				all = append(all, one...)
				within += squares(one)
				freeWithin += len(one) - 1
				squaredSizes += float64(len(one)) * float64(len(one))
			}
		}
		if k < 2 {
			continue
		}
		mean := Mean(all)
		for _, one := range set {
			if len(one) >= 2 {
				d := Mean(one) - mean
				between += float64(len(one)) * d * d
			}
		}
		g.Free += k - 1
		sizes += float64(len(all)) - squaredSizes/float64(len(all))
	}
	if g.Free == 0 || freeWithin == 0 || within == 0 {
		return g, false
	}
	d1, d2 := float64(g.Free), float64(freeWithin)
	meanWithin := within / d2
	g.Between = math.Max(0, (between/d1-meanWithin)/(sizes/d1))
	f := between / d1 / meanWithin
	g.P = mathx.BetaInc(d2/(d2+d1*f), d2/2, d1/2)
	return g, true
}
