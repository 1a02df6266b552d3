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
	// LeastRuns is how many runs can show a change at all: of 8, even the clearest step
	// would come about by chance in 2 of 70 orders, which is more than each kind of split
	// may.
	LeastRuns = 9
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

// splits are the best splits of two kinds: that in which the part behind it reaches to
// the end of its stretch, and that in which it may end anywhere. The first kind finds a
// step after few runs, the second one finds a step that was taken back.
type splits struct{ whole, free split }

// divide finds the runs in front of which values change for good, in the order in which
// they are found: the clearest first. It is the method of E-divisive means of Matteson
// and James, "A Nonparametric Approach for Multiple Change Point Analysis of
// Multivariate Data", JASA 109 (2014), with the exponent 1, whose splits are free. As
// MongoDB does with its benchmarks, it also takes whole stretches: Daly et al., "The Use
// of Change Point Detection to Identify Software Performance Regressions in a Continuous
// Integration System", ICPE 2020. Apache Otava, once Hunter, is another tool of this
// kind: Fleming et al., "Hunter: Using Change Point Detection to Hunt for Performance
// Regressions", ICPE 2023.
//
// The best splits of all stretches are tested by permutations within the stretches: by
// how often runs in random order have one that is as good. If the runs are exchangeable,
// which is to say that nothing changed, the chance of any split is no more than
// analysis.Alpha, half of it for each kind. The first round without a split that is shown
// ends the search. Each split that was found stands where it looked best, so that what is
// left on both sides is not quite in random order; the level of the next test is divided
// by the number of stretches.
func divide(values []float64, seed uint64) []split {
	rng := stat.NewRand(seed)
	ends := []int{0, len(values)}
	var found []split
	for len(values) >= LeastRuns {
		next := shown(values, ends, analysis.Alpha/float64(len(ends)-1), rng)
		if next.at == 0 {
			break
		}
		found = append(found, next)
		at, _ := slices.BinarySearch(ends, next.at)
		ends = slices.Insert(ends, at, next.at)
	}
	return found
}

// shown is a split that chance does not explain; its At is zero if there is none. It
// stops as soon as that is certain.
func shown(values []float64, ends []int, level float64, rng *rand.Rand) split {
	var s search
	best := s.best(values, ends)
	if best.whole.at == 0 {
		return split{}
	}
	shuffled := slices.Clone(values)
	whole, free := 1, 1 // the order that was seen
	most := int(level / 2 * (permutations + 1))
	for range permutations {
		for i := range len(ends) - 1 {
			part := shuffled[ends[i]:ends[i+1]]
			rng.Shuffle(len(part), func(a, b int) { part[a], part[b] = part[b], part[a] })
		}
		drawn := s.best(shuffled, ends)
		whole += reached(drawn.whole, best.whole)
		free += reached(drawn.free, best.free)
		if whole > most && free > most {
			return split{}
		}
	}
	next, times := best.whole, whole
	if whole > most {
		next, times = best.free, free
	}
	next.p = 2 * float64(times) / (permutations + 1)
	return next
}

// reached is 1 if a split is as good as the one that was seen.
func reached(drawn, seen split) int {
	if drawn.q >= seen.q*(1-1e-12) { // equal sums differ in their last digits
		return 1
	}
	return 0
}

// search finds the best splits. It keeps its table for the next stretch.
type search struct {
	sums  []float64 // rows of distances, each summed up
	width int       // of a row
}

// best are the best splits of all stretches between two ends. At is zero if every
// stretch is too short.
func (s *search) best(values []float64, ends []int) splits {
	var best splits
	for i := range len(ends) - 1 {
		one := s.of(values[ends[i]:ends[i+1]])
		best.whole.replace(one.whole, ends[i])
		best.free.replace(one.free, ends[i])
	}
	return best
}

// replace takes a better split of the stretch that begins at from.
func (s *split) replace(other split, from int) {
	if other.at > 0 && (s.at == 0 || other.q > s.q) {
		*s = split{at: from + other.at, q: other.q}
	}
}

// of are the best splits of one stretch. With x and y the values in front of the split
// and behind it, n and m their numbers, they maximise
//
//	Q = n m / (n + m) * (2 mean |x - y| - mean |x - x'| - mean |y - y'|)
//
// where the means are over pairs of different runs. The sums of distances grow run by
// run, from sums over the runs in front of each.
func (s *search) of(values []float64) splits {
	n := len(values)
	if n < 2*leastStretch {
		return splits{}
	}
	s.fill(values)
	var best splits
	var front float64 // the sum of distances among the runs in front
	for at := 1; at <= n-leastStretch; at++ {
		front += s.between(at-1, 0, at-1)
		if at < leastStretch {
			continue
		}
		var across, back float64
		for end := at + 1; end <= n; end++ {
			across += s.between(end-1, 0, at)
			back += s.between(end-1, at, end-1)
			if end < at+leastStretch {
				continue
			}
			x, y := float64(at), float64(end-at)
			one := split{at: at, q: x * y / (x + y) * (2*across/(x*y) - front/pairs(x) - back/pairs(y))}
			best.free.replace(one, 0)
			if end == n {
				best.whole.replace(one, 0)
			}
		}
	}
	return best
}

// fill sums up, for each value, its distances to those in front of it.
func (s *search) fill(values []float64) {
	s.width = len(values) + 1
	s.sums = slices.Grow(s.sums[:0], len(values)*s.width)[:len(values)*s.width]
	for i, v := range values {
		row := s.sums[i*s.width:]
		row[0] = 0
		for j, other := range values[:i] {
			row[j+1] = row[j] + math.Abs(v-other)
		}
	}
}

// between is the sum of the distances of one value to those in a range in front of it.
func (s *search) between(value, from, to int) float64 {
	return s.sums[value*s.width+to] - s.sums[value*s.width+from]
}

func pairs(n float64) float64 { return n * (n - 1) / 2 }
