package gate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// abRule decides on the latency of side b, pair by pair.
type abRule struct {
	tolerance float64 // as a share
	slower    stat.Evidence
	within    stat.Evidence // that b is not slower by the tolerance
	sorted    []float64     // logarithms of the ratios
}

func (r *abRule) limit() float64 { return math.Log1p(r.tolerance) }

// add takes the next pair and says what is known then. The ratio exceeds the
// tolerance where its centre does; see stat.Centre.
func (r *abRule) add(p stat.Pair) Verdict {
	d := p.LogRatio(0)
	at, _ := slices.BinarySearch(r.sorted, d)
	r.sorted = slices.Insert(r.sorted, at, d)
	r.slower.Add(d)
	r.within.Add(-p.LogRatio(r.limit()))
	switch {
	case r.slower.P() <= alphaLatency && stat.MeansAbove(r.sorted, r.limit()) > 0.5:
		return Fail
	case r.within.P() <= alphaLatency:
		return Pass
	}
	return Inconclusive
}

// power is what the rule would have caught in as many blocks, had they the noise
// that was seen.
func (r *abRule) power(pairs []stat.Pair, seed uint64) *Power {
	noise := logRatios(pairs)
	centre := stat.Centre(noise)
	for i := range noise {
		noise[i] -= centre
	}
	return ladderPower(func(worse float64) float64 {
		// The same draws serve every change, so that what is caught rises with it.
		rng := stat.NewRand(cmp.Or(seed, 1))
		caught := 0
		for range simulations {
			verdict, _ := r.simulate(len(noise), func() stat.Pair {
				return stat.Pair{Base: time.Second, New: time.Duration(1e9 * (1 + worse) * math.Exp(drawNoise(noise, rng)))}
			})
			if verdict == Fail {
				caught++
			}
		}
		return float64(caught) / simulations
	})
}

// simulate is a run that goes on until the rule decides, for so many blocks at
// most, and how many it took.
func (r *abRule) simulate(most int, draw func() stat.Pair) (v Verdict, blocks int) {
	one := &abRule{tolerance: r.tolerance}
	for v = Inconclusive; v == Inconclusive && blocks < most; blocks++ {
		v = one.add(draw())
	}
	return v, blocks
}

// drawNoise is symmetric, as the noise of two sides that are measured alike is.
func drawNoise(noise []float64, rng *rand.Rand) float64 {
	v := noise[rng.IntN(len(noise))]
	if rng.IntN(2) == 0 {
		return -v
	}
	return v
}
