package history

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

const (
	// leastStretch is how many runs there are at least between two changes: one run
	// alone has no spread, and a single outlier is no change.
	leastStretch = 2
	// LeastRuns is how many runs can show a change at all: of 7, even the clearest step
	// would come about by chance in 2 of 35 orders.
	LeastRuns = 8
	// permutations is how many orders of the runs are drawn for a test.
	permutations = 999
)

// split is where one stretch of runs is best divided: in front of the run At. Q is how
// far the two parts are apart.
type split struct {
	at int
	q  float64
	// p is the chance of a Q as large in runs that come in any order.
	p float64
}

// divide finds the runs in front of which values change for good, in the order in which
// they are found: the clearest first. It is the method of E-divisive means of Matteson
// and James, "A Nonparametric Approach for Multiple Change Point Analysis of
// Multivariate Data", JASA 109 (2014), with the exponent 1. As in the way in which
// MongoDB uses it, both parts of a split reach to the ends of their stretch (Daly et al.,
// "The Use of Change Point Detection to Identify Software Performance Regressions in a
// Continuous Integration System", ICPE 2020), so that a step is found after few runs.
// Apache Otava (formerly Hunter) is another tool of this kind.
//
// The best split of all stretches is tested by permutations within the stretches: by how
// often runs in random order have one that is as good. If the runs are exchangeable,
// which is to say that nothing changed, the chance of any split is no more than
// analysis.Alpha. The first split that is not shown ends the search. Each split that was
// found stands where it looked best, so that what is left on both sides is not quite in
// random order; the level of the next test is divided by the number of stretches.
func divide(values []float64, seed uint64) []split {
	rng := stat.NewRand(seed)
	ends := []int{0, len(values)}
	var found []split
	for {
		best := bestSplit(values, ends)
		if best.at == 0 {
			return found
		}
		level := analysis.Alpha / float64(len(ends)-1)
		if best.p = chance(values, ends, best.q, level, rng); best.p > level {
			return found
		}
		found = append(found, best)
		at, _ := slices.BinarySearch(ends, best.at)
		ends = slices.Insert(ends, at, best.at)
	}
}

// bestSplit is the best of all stretches between two ends. Its At is zero if every
// stretch is too short.
func bestSplit(values []float64, ends []int) split {
	var best split
	for i := range len(ends) - 1 {
		s := splitOf(values[ends[i]:ends[i+1]])
		if s.at > 0 && (best.at == 0 || s.q > best.q) {
			best = split{at: ends[i] + s.at, q: s.q}
		}
	}
	return best
}

// splitOf is the best split of one stretch. With x and y the values in front of the
// split and behind it, n and m their numbers, it maximises
//
//	Q = n m / (n + m) * (2 mean |x - y| - mean |x - x'| - mean |y - y'|)
//
// where the means are over pairs of different runs. As the split moves on by one run,
// only the distances of that run change sides.
func splitOf(values []float64) split {
	n := len(values)
	if n < 2*leastStretch {
		return split{}
	}
	var front, across, back float64 // sums of distances
	for i, x := range values {
		for _, y := range values[:i] {
			back += math.Abs(x - y)
		}
	}
	var best split
	for at := 1; at <= n-leastStretch; at++ {
		moved := values[at-1]
		toFront, toBack := distances(moved, values[:at-1]), distances(moved, values[at:])
		front, across, back = front+toFront, across-toFront+toBack, back-toBack
		if at < leastStretch {
			continue
		}
		x, y := float64(at), float64(n-at)
		q := x * y / (x + y) * (2*across/(x*y) - front/pairs(x) - back/pairs(y))
		if best.at == 0 || q > best.q {
			best = split{at: at, q: q}
		}
	}
	return best
}

func distances(from float64, to []float64) float64 {
	var sum float64
	for _, v := range to {
		sum += math.Abs(from - v)
	}
	return sum
}

func pairs(n float64) float64 { return n * (n - 1) / 2 }

// chance is the p-value of a split as good as q. It stops as soon as it is certain to be
// more than the level, because then its value is of no interest.
func chance(values []float64, ends []int, q, level float64, rng *rand.Rand) float64 {
	shuffled := slices.Clone(values)
	reached := 1 // the order that was seen
	most := int(level * (permutations + 1))
	for range permutations {
		for i := range len(ends) - 1 {
			part := shuffled[ends[i]:ends[i+1]]
			rng.Shuffle(len(part), func(a, b int) { part[a], part[b] = part[b], part[a] })
		}
		if bestSplit(shuffled, ends).q >= q*(1-1e-12) {
			if reached++; reached > most {
				return 1
			}
		}
	}
	return float64(reached) / (permutations + 1)
}
