package stat

import (
	"fmt"
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"
)

// Shape says whether the samples of one set tend to be larger than another's.
type Shape struct {
	// Slower is the probability that a sample of the second set is larger than
	// one of the first, ties counting half.
	Slower float64 `json:"slower"`
	// P is the two-sided p-value of Slower being a half.
	P Real `json:"p"`
}

// MannWhitney is the U test of Mann and Whitney (1947), exact for small sets and
// corrected for ties otherwise. Censored and failed samples tie above all others,
// as does what lies above the smallest limit of either set. ok is false when a set is
// empty or all values are the same.
func MannWhitney(base, s *Set) (shape Shape, ok bool) {
	limit := math.Inf(1)
	for _, one := range []*Set{base, s} {
		if one.censored > 0 {
			limit = min(limit, float64(one.limit))
		}
	}
	r, err := stats.MannWhitneyUTest(s.floats(limit), base.floats(limit), stats.LocationDiffers)
	if err != nil {
		return Shape{}, false
	}
	return Shape{Slower: r.U / float64(r.N1*r.N2), P: Real(min(r.P, 1))}, true
}

// floats are the samples, infinite beyond the limit.
func (s *Set) floats(limit float64) []float64 {
	list := make([]float64, s.n)
	for i := range list {
		list[i] = math.Inf(1)
		if i < len(s.ranked) && float64(s.ranked[i]) <= limit {
			list[i] = float64(s.ranked[i])
		}
	}
	return list
}

// Holm adjusts p-values for being several, so that the chance of any false
// finding among them stays at the level: Holm, "A simple sequentially rejective
// multiple test procedure", Scand. J. Statistics 6 (1979). The result is in the
// order of p.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted := make([]float64, len(p))
	largest := 0.0
	for i, at := range order {
		largest = max(largest, min(1, p[at]*float64(len(p)-i)))
		adjusted[at] = largest
	}
	return adjusted
}

// PText prints a p-value as people write it.
func PText(p Real) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", float64(p))
}
