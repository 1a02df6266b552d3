package stat

import "math"

// Ratio is how many times larger one quantile is than another, with an interval
// at Confidence. High is infinite where a censored sample leaves it open.
type Ratio struct {
	Value Real `json:"value"`
	// Over says that the numerator is censored: the ratio is more than Value.
	Over bool `json:"over,omitempty"`
	Low  Real `json:"low"`
	High Real `json:"high"`
	// Interval says that Low and High are known; it takes enough samples that
	// each quantile has an interval of its own.
	Interval bool `json:"interval"`
}

// Difference is by how many nanoseconds one quantile exceeds another; its
// fields are those of Ratio.
type Difference struct {
	Value    Real `json:"valueNs"`
	Over     bool `json:"over,omitempty"`
	Low      Real `json:"lowNs"`
	High     Real `json:"highNs"`
	Interval bool `json:"interval"`
}

// Change is how the q-quantile of one set differs from that of another.
type Change struct {
	Quantile float64 `json:"quantile"`
	Base     Point   `json:"base"`
	New      Point   `json:"new"`
	// Difference and Ratio are nil where Base is censored, Ratio also where it
	// is not positive.
	Difference *Difference `json:"difference,omitempty"`
	Ratio      *Ratio      `json:"ratio,omitempty"`
	// P is the two-sided bootstrap p-value of no difference; meaningful only if
	// Tested, which it is where both quantiles have intervals of their own.
	P      Real `json:"p"`
	Tested bool `json:"tested"`
}

// ChangeOf compares the q-quantiles of two sets that are not empty. Intervals
// and p-value are those of the percentile bootstrap: Efron and Tibshirani, "An
// Introduction to the Bootstrap" (1993), chapters 13 and 16. Where a set has few
// samples and the other many, its quantile is drawn from between the order statistics that its exact
// interval is made of, because the bootstrap is too narrow then.
func ChangeOf(base, s *Set, q float64, seed uint64) Change {
	c := Change{Quantile: q, Base: base.Quantile(q), New: s.Quantile(q), P: 1}
	c.point()
	if !base.bracketed(q) || !s.bracketed(q) {
		return c
	}
	c.Tested = true
	draws := resamplePairs(base, s, q, seed)
	c.P = Real(twoSided(draws))
	if r := c.Ratio; r != nil {
		low, high := percentile(draws, ratioRange)
		r.Interval, r.Low, r.High = true, Real(low), Real(high)
	}
	if d := c.Difference; d != nil {
		low, high := percentile(draws, differenceRange)
		d.Interval, d.Low, d.High = true, Real(low), Real(high)
	}
	return c
}

// Untested is the change without what is inferred from samples that do not depend on one
// another.
func (c Change) Untested() Change {
	c.P, c.Tested = 1, false
	if c.Ratio != nil {
		c.Ratio = &Ratio{Value: c.Ratio.Value, Over: c.Ratio.Over}
	}
	if c.Difference != nil {
		c.Difference = &Difference{Value: c.Difference.Value, Over: c.Difference.Over}
	}
	return c
}

func (c *Change) point() {
	if c.Base.Over {
		return
	}
	c.Difference = &Difference{Value: Real(c.New.Latency - c.Base.Latency), Over: c.New.Over}
	if c.Base.Latency > 0 {
		c.Ratio = &Ratio{Value: Real(float64(c.New.Latency) / float64(c.Base.Latency)), Over: c.New.Over}
	}
}

func ratioRange(d pair) (least, greatest float64) {
	greatest = math.Inf(1)
	if base := d.base.greatest; !base.Over && base.Latency > 0 { // otherwise the denominator may be anything above
		least = float64(d.other.least.Latency) / float64(base.Latency)
	}
	if base := d.base.least; base.Latency > 0 && !d.other.greatest.Over {
		greatest = float64(d.other.greatest.Latency) / float64(base.Latency)
	}
	return least, greatest
}

func differenceRange(d pair) (least, greatest float64) {
	least = float64(d.other.least.Latency - d.base.greatest.Latency)
	greatest = float64(d.other.greatest.Latency - d.base.least.Latency)
	if d.base.greatest.Over {
		least = math.Inf(-1)
	}
	if d.other.greatest.Over {
		greatest = math.Inf(1)
	}
	return least, greatest
}

// twoSided is twice the share of draws on the rarer side of no difference. A
// draw that may be on either side counts on both.
func twoSided(draws []pair) float64 {
	down, up := 1, 1
	for _, d := range draws {
		least, greatest := differenceRange(d)
		if least <= 0 {
			down++
		}
		if greatest >= 0 {
			up++
		}
	}
	return min(1, 2*float64(min(down, up))/float64(len(draws)+1))
}
