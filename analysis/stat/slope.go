package stat

import (
	"math"
	"slices"
)

// XY is a point: a reading and what it was taken at.
type XY struct{ X, Y float64 }

// Slope is by how much Y grows when X grows by one.
type Slope struct {
	Value Real `json:"value"`
	// Intercept is Y where X is zero, as a mean over the series.
	Intercept Real `json:"intercept"`
	Low       Real `json:"low"`
	High      Real `json:"high"`
	// Interval says that Low and High are known.
	Interval bool `json:"interval"`
	// Points and Series are what it is made of, Groups what the interval is: the
	// series with more than one value of X.
	Points int `json:"points"`
	Series int `json:"series"`
	Groups int `json:"groups"`

	deviation float64 // the standard error
}

// leastGroups is how many series an interval takes: two say nothing of how much
// series differ.
const leastGroups = 3

// SlopeOf fits one slope by least squares to several series of points, each with an
// intercept of its own, so that a drift between series is no slope. It is nil where
// no series has two values of X.
//
// Readings of one series err alike, and its slope differs from that of the next, so
// that neither the textbook's interval nor one from parts of a single series is wide
// enough. This one comes from the jackknife over series: each is left out in turn,
// and how far the slope moves says how well it is known, whatever the errors within a
// series have to do with each other. It takes three series. MacKinnon, Nielsen and
// Webb, "Cluster-robust inference: a guide to empirical practice" (2023), whose CV3
// with Student's t of one degree less than series it is.
func SlopeOf(series [][]XY) *Slope {
	value, ok := within(series)
	if !ok {
		return nil
	}
	s := &Slope{Value: Real(value), Intercept: Real(intercept(series, value))}
	for _, one := range series {
		s.Points += len(one)
		if varies(one) {
			s.Series++
		}
	}
	s.jackknife(series)
	return s
}

// within is the slope of least squares with an intercept for each series.
func within(series [][]XY) (slope float64, ok bool) {
	var xx, xy float64
	for _, one := range series {
		mean := centre(one)
		for _, p := range one {
			xx += (p.X - mean.X) * (p.X - mean.X)
			xy += (p.X - mean.X) * (p.Y - mean.Y)
		}
	}
	return xy / xx, xx > 0
}

func centre(points []XY) (mean XY) {
	for _, p := range points {
		mean.X += p.X / float64(len(points))
		mean.Y += p.Y / float64(len(points))
	}
	return mean
}

func intercept(series [][]XY, slope float64) float64 {
	var all []float64
	for _, one := range series {
		if varies(one) {
			mean := centre(one)
			all = append(all, mean.Y-slope*mean.X)
		}
	}
	return Mean(all)
}

func varies(points []XY) bool {
	for _, p := range points {
		if p.X != points[0].X {
			return true
		}
	}
	return false
}

func (s *Slope) jackknife(series [][]XY) {
	s.Groups = s.Series
	if s.Groups < leastGroups {
		return
	}
	var sum float64
	for i, one := range series {
		if !varies(one) {
			continue
		}
		value, ok := within(slices.Delete(slices.Clone(series), i, i+1))
		if !ok {
			return // the series is all that there is
		}
		sum += (value - float64(s.Value)) * (value - float64(s.Value))
	}
	n := float64(s.Groups)
	s.deviation = math.Sqrt((n - 1) / n * sum)
	half := student(s.Groups-1, (1+Confidence)/2) * s.deviation
	s.Interval, s.Low, s.High = true, s.Value-Real(half), s.Value+Real(half)
}

// Over is how many times the slope is another that was measured independently,
// nil where that is not positive. The interval is Fieller's ("Some problems in
// interval estimation", 1954), unknown where the other slope may be zero.
func (s *Slope) Over(base *Slope) *Ratio {
	if base.Value <= 0 {
		return nil
	}
	value := float64(s.Value / base.Value)
	r := &Ratio{Value: Real(value)}
	if !s.Interval || !base.Interval {
		return r
	}
	t := student(min(s.Groups, base.Groups)-1, (1+Confidence)/2)
	own, other := t*s.deviation/float64(base.Value), t*base.deviation/float64(base.Value)
	g := other * other
	if g >= 1 {
		return r
	}
	half := math.Sqrt(own*own*(1-g)+value*value*g) / (1 - g)
	r.Interval, r.Low, r.High = true, Real(value/(1-g)-half), Real(value/(1-g)+half)
	return r
}
