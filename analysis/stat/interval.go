package stat

import "sort"

// Interval is a confidence interval of a quantile. An end that the samples do
// not reach is nil.
type Interval struct {
	Low  *Point `json:"low,omitempty"`
	High *Point `json:"high,omitempty"`
}

// Interval is the two-sided interval of the q-quantile at the confidence, made
// of two order statistics whose ranks follow from the binomial distribution
// exactly: David and Nagaraja, "Order Statistics" (2003), 7.1. It assumes
// independent samples of one distribution, and nothing about its shape. Each
// tail holds at most half of what is left.
func (s *Set) Interval(q, confidence float64) Interval {
	tail := (1 - confidence) / 2
	return Interval{Low: s.at(lowerRank(s.n, q, tail)), High: s.at(upperRank(s.n, q, tail))}
}

// Lower is the one-sided lower bound of the q-quantile, nil if there is none.
func (s *Set) Lower(q, confidence float64) *Point { return s.at(lowerRank(s.n, q, 1-confidence)) }

// Upper is the one-sided upper bound of the q-quantile, nil if there is none;
// see SamplesNeeded.
func (s *Set) Upper(q, confidence float64) *Point { return s.at(upperRank(s.n, q, 1-confidence)) }

func (s *Set) at(rank int) *Point {
	if rank < 1 || rank > s.n {
		return nil
	}
	p := s.Order(rank)
	return &p
}

// lowerRank is the largest rank whose order statistic exceeds the q-quantile
// with probability tail at most; 0 if there is none.
//
// X(l) exceeds it when fewer than l samples fall at or below the quantile.
func lowerRank(n int, q, tail float64) int {
	return sort.Search(n, func(i int) bool { return Binomial{n, q}.CDF(i) > tail })
}

// upperRank is the smallest rank whose order statistic falls below the
// q-quantile with probability tail at most; n+1 if there is none.
func upperRank(n int, q, tail float64) int {
	return 1 + sort.Search(n, func(i int) bool { return Binomial{n, q}.CDF(i) >= 1-tail })
}
