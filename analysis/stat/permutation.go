package stat

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Permutations are the ways in which new of base+new runs could have been the
// new ones, the way they were among them.
type Permutations struct {
	base, new int
	// subsets holds the indices of one way after the other, new each.
	subsets []uint16
	// Exact says that they are all the ways there are.
	Exact bool
}

// NewPermutations lists all ways if they are at most limit, otherwise that many
// drawn with the seed.
func NewPermutations(base, new, limit int, seed uint64) *Permutations {
	p := &Permutations{base: base, new: new, Exact: ways(base+new, new) <= float64(limit)}
	if p.Exact {
		p.list(make([]uint16, 0, new), 0)
	} else {
		p.draw(limit, NewRand(seed))
	}
	return p
}

// ways is the number of subsets of k among n.
func ways(n, k int) float64 {
	w := 1.0
	for i := range k {
		w = w * float64(n-i) / float64(i+1)
	}
	return math.Round(w)
}

func (p *Permutations) list(chosen []uint16, from int) {
	if len(chosen) == p.new {
		p.subsets = append(p.subsets, chosen...)
		return
	}
	for i := from; i < p.base+p.new; i++ {
		p.list(append(chosen, uint16(i)), i+1)
	}
}

func (p *Permutations) draw(count int, rng *rand.Rand) {
	for i := range p.new {
		p.subsets = append(p.subsets, uint16(p.base+i)) // as it was
	}
	for range count - 1 {
		for _, i := range rng.Perm(p.base + p.new)[:p.new] {
			p.subsets = append(p.subsets, uint16(i))
		}
	}
}

// P is the one-sided p-value of the new values being larger, for the difference
// of means: the share of ways whose difference is at least the one seen. values
// are those of the base runs, then those of the new. Under exchangeable runs the
// test is exact, whatever the distribution: Good, "Permutation, Parametric and
// Bootstrap Tests of Hypotheses" (2005), chapter 3.
func (p *Permutations) P(values []float64) float64 {
	var seen, total float64
	for i, v := range values {
		total += math.Abs(v)
		if i >= p.base {
			seen += v
		}
	}
	seen -= 1e-12 * total // equal sums differ in their last digits
	reached := 0
	for at := 0; at < len(p.subsets); at += p.new {
		var sum float64
		for _, i := range p.subsets[at : at+p.new] {
			sum += values[i]
		}
		if sum >= seen {
			reached++
		}
	}
	return float64(reached) / float64(len(p.subsets)/p.new)
}

// Bounds are the one-sided lower and upper bounds of the shift, each at the
// confidence: by how much the new values are larger, whatever else they are. They
// are the shifts at which P, or P of the values mirrored, just does not reject.
// As the test is exact, so are they; a bound is infinite where the runs are too few
// for one. Every way gives the shift at which it is as good as the one seen, so
// that the bounds are two of these shifts.
func (p *Permutations) Bounds(values []float64, confidence float64) (low, high float64) {
	var seen float64
	for _, v := range values[p.base:] {
		seen += v
	}
	var shifts []float64
	itself := 0 // the ways that are the one seen
	for at := 0; at < len(p.subsets); at += p.new {
		sum, shared := 0.0, 0
		for _, i := range p.subsets[at : at+p.new] {
			sum += values[i]
			if int(i) >= p.base {
				shared++
			}
		}
		if shared == p.new {
			itself++
		} else {
			shifts = append(shifts, (seen-sum)/float64(p.new-shared))
		}
	}
	slices.Sort(shifts)
	reject := int((1-confidence)*float64(len(shifts)+itself)*(1+1e-9)) - itself
	if reject < 0 || reject >= len(shifts) {
		return math.Inf(-1), math.Inf(1)
	}
	return shifts[reject], shifts[len(shifts)-1-reject]
}

// LeastP is the smallest p-value that so many runs can give.
func LeastP(base, new int) float64 { return 1 / ways(base+new, new) }

// RunsNeeded is how many runs on each side can give a p-value of p.
func RunsNeeded(p float64) int {
	for n := 1; ; n++ {
		if LeastP(n, n) <= p*(1+1e-9) {
			return n
		}
	}
}
