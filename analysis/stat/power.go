package stat

import (
	"math"
	"sort"
	"time"
)

// CaughtScaling is how often the q-quantile's one-sided bound would lie beyond a
// limit, if everything took factor times as long as in s: its lower bound above
// the limit (above true), or its upper bound below it.
//
// The bound is an order statistic, and its rank among n samples of the scaled
// distribution is binomial, so this is computed and not simulated. The
// distribution is taken to be that of the samples.
func (s *Set) CaughtScaling(q, confidence float64, limit time.Duration, factor float64, above bool) float64 {
	below := s.ShareBelow(time.Duration(math.Min(float64(limit)/factor, math.MaxInt64/2)))
	b := Binomial{s.n, below}
	if above {
		l := lowerRank(s.n, q, 1-confidence)
		if l == 0 {
			return 0
		}
		return b.CDF(l - 1)
	}
	u := upperRank(s.n, q, 1-confidence)
	if u > s.n {
		return 0
	}
	return 1 - b.CDF(u-1)
}

// FewestAbove is the smallest number among n whose share's one-sided lower bound
// is above the limit; n+1 if there is none.
func FewestAbove(limit float64, n int, confidence float64) int {
	return sort.Search(n+1, func(k int) bool {
		low, _ := ShareBounds(k, n, confidence)
		return low > limit
	})
}

// MostBelow is the largest number among n whose share's one-sided upper bound is
// below the limit; -1 if there is none.
func MostBelow(limit float64, n int, confidence float64) int {
	return sort.Search(n+1, func(k int) bool {
		_, high := ShareBounds(k, n, confidence)
		return high >= limit
	}) - 1
}
