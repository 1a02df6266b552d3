package gate

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Change is what was measured of a regression.
type Change struct {
	// Quantile is zero where it is none.
	Quantile float64 `json:"quantile"`
	// BaseUnits and NewUnits are how many runs or blocks stand on each side,
	// SamplesPerUnit how many samples each of their quantiles is of.
	BaseUnits      int `json:"baseUnits"`
	NewUnits       int `json:"newUnits"`
	SamplesPerUnit int `json:"samplesPerUnit"`
	// Base and New are the geometric means of the runs' quantiles, or of the times that
	// instances of a load were there for; of an A/B run, the quantiles of each side.
	Base stat.Point `json:"base"`
	New  stat.Point `json:"new"`
	// Ratio is New over Base. Low and High are one-sided bounds, each at
	// stat.Confidence, by the permutations of the runs; of an A/B run those of
	// JudgeAB. Zero and null are none.
	Ratio stat.Ratio `json:"ratio"`
	// P is one-sided, AdjustedP the same adjusted for all comparisons.
	P         stat.Real `json:"p"`
	AdjustedP stat.Real `json:"adjustedP"`
	// WithinP is one-sided, of New exceeding Base by the tolerance or more.
	WithinP stat.Real `json:"withinP"`
	// Tolerance is the share by which New may exceed Base.
	Tolerance float64 `json:"tolerance"`
}

// Difference is what was measured of a fact about loads that may be nothing, such as the
// share of requests that failed: amounts, in nanoseconds where it is a time.
type Difference struct {
	BaseUnits int `json:"baseUnits"`
	NewUnits  int `json:"newUnits"`
	// Base and New are means over the loads, Value by how much New is more, or Over says
	// at least. Low and High are one-sided bounds of it, each at stat.Confidence; null is
	// none.
	Base  stat.Real `json:"base"`
	New   stat.Real `json:"new"`
	Value stat.Real `json:"value"`
	Over  bool      `json:"over,omitempty"`
	Low   stat.Real `json:"low"`
	High  stat.Real `json:"high"`
	// The others are as those of a Change.
	P         stat.Real `json:"p"`
	AdjustedP stat.Real `json:"adjustedP"`
	WithinP   stat.Real `json:"withinP"`
	Tolerance stat.Real `json:"tolerance"`
}

// mostPermutations is how many are listed; more are drawn by chance. It covers ten
// runs against ten.
const mostPermutations = 200_000

// decide measures all comparisons that can be, judges them together, and
// explains each.
func decide(list []comparison, o Options) {
	open := measureAll(list, o)
	for _, c := range open {
		c.explain(len(open), o)
	}
}

// measureAll gives a verdict to every comparison that has none, and returns
// those that were measured.
func measureAll(list []comparison, o Options) []*comparison {
	var open []*comparison
	for i := range list {
		if c := &list[i]; c.Verdict == "" && c.enoughSamples() && c.enoughRuns() {
			open = append(open, c)
		}
	}
	var p []float64
	for _, c := range open {
		c.measure(o)
		p = append(p, c.found.p)
	}
	for i, adjusted := range stat.Holm(p) {
		open[i].judge(adjusted)
	}
	return open
}

func (c *comparison) inconclusive(format string, args ...any) {
	c.Verdict, c.Reason = Inconclusive, fmt.Sprintf(format, args...)
	c.Power = &Power{Text: "could not have failed"}
}

func (c *comparison) enoughSamples() bool {
	if needed := SamplesNeeded(c.quantile); c.quantile > 0 && c.samples < needed {
		c.inconclusive("%s takes %d %s a run; one has %d", c.Subject, needed, c.samplesOf, c.samples)
		return false
	}
	return true
}

// enoughRuns says whether the permutations are so many that something could be
// shown, were this the only comparison.
func (c *comparison) enoughRuns() bool {
	if stat.LeastP(len(c.base), len(c.new)) > analysis.Alpha*(1+1e-9) {
		needed := stat.RunsNeeded(analysis.Alpha)
		c.inconclusive("%d against %d runs show nothing; it takes %d against %d", len(c.new), len(c.base), needed, needed)
		return false
	}
	return true
}

// found is what was measured of a comparison, all of it on its scale. Base and new are
// means over the runs, and change how much the one exceeds the other, with one-sided bounds.
type found struct {
	base, new, change, low, high float64
	baseOver, newOver            bool
	p, adjusted, within          float64
	// allowed is by how much new may exceed base.
	allowed float64
}

// measure fills in the change and its p-value.
func (c *comparison) measure(o Options) {
	base, baseOver := c.base.upTo(c.limit)
	new, newOver := c.new.upTo(c.limit)
	c.values = slices.Concat(base, new)
	if c.perms == nil {
		c.perms = stat.NewPermutations(len(base), len(new), mostPermutations, o.Seed)
	}
	f := found{base: stat.Mean(base), new: stat.Mean(new), baseOver: baseOver, newOver: newOver, p: c.perms.P(c.values)}
	f.change = f.new - f.base
	f.low, f.high = c.perms.Bounds(c.values, stat.Confidence)
	if newOver {
		f.high = math.Inf(1)
	}
	if baseOver {
		f.low = math.Inf(-1)
	}
	f.allowed = c.allowed(f.base, o.Tolerance)
	f.within = c.within(f.allowed)
	c.found = f
}

// judge gives the verdict on a change that was measured. Counting all that is
// over the limit as the limit, on both sides alike, keeps the test exact and
// makes a change smaller than it is: so a failure holds among timeouts.
func (c *comparison) judge(adjusted float64) {
	c.found.adjusted = adjusted
	switch {
	case c.coarse():
		c.Verdict = Inconclusive
	case c.shown() && c.worse():
		c.Verdict = Fail
	case c.tooMany != "":
		c.Verdict = Invalid
	case c.found.within <= analysis.Alpha*(1+1e-9) && !c.found.newOver && c.mostFailures() <= c.found.base+c.found.allowed:
		c.Verdict = Pass
	default:
		c.Verdict = Inconclusive
	}
	c.tell()
}

// shown says that chance does not explain that the new runs are slower.
func (c *comparison) shown() bool { return c.found.adjusted <= analysis.Alpha*(1+1e-9) }

// worse says that the new runs are slower by more than the tolerance.
func (c *comparison) worse() bool { return c.found.change > c.found.allowed }

// mostFailures is the upper bound of the share of the new loads' requests that fail, were they
// independent. Failures are rare: where there are few requests, all loads may be without one,
// and how much loads differ then tells nothing. It is -Inf where no failures are compared.
func (c *comparison) mostFailures() float64 {
	if c.requests == 0 {
		return math.Inf(-1)
	}
	_, most := stat.ShareBounds(c.failed, c.requests, stat.Confidence)
	return most
}

// coarse says that what is compared is known to less than the tolerance.
func (c *comparison) coarse() bool {
	return c.resolution > 0 && logOf(time.Duration(math.Exp(c.found.base))+c.resolution)-c.found.base > c.found.allowed
}

// within is the p-value of the new runs being slower by what is allowed or more: where
// it is small, the upper bound of the change lies under the tolerance. The test is
// that of shown the other way round, of base runs made slower by the tolerance, and
// as exact. What counts as the limit of these is smaller by as much, so that it is alike on
// both sides. It is not adjusted for the number of comparisons, because all of them
// have to pass.
func (c *comparison) within(allowed float64) float64 {
	base, _ := c.base.upTo(c.limit - allowed)
	new, _ := c.new.upTo(c.limit)
	var values []float64
	for _, v := range base {
		values = append(values, -v-allowed)
	}
	for _, v := range new {
		values = append(values, -v)
	}
	return c.perms.P(values)
}

// tell fills in what was measured for whoever reads the judgement.
func (c *comparison) tell() {
	f := &c.found
	low, high := stat.Real(c.in(f.low)), stat.Real(c.in(f.high))
	if _, amount := c.scale.(amountScale); amount {
		c.Difference = &Difference{
			BaseUnits: len(c.base), NewUnits: len(c.new), Base: stat.Real(f.base), New: stat.Real(f.new),
			Value: stat.Real(f.change), Over: f.newOver, Low: low, High: high,
			P: stat.Real(f.p), AdjustedP: stat.Real(f.adjusted), WithinP: stat.Real(f.within), Tolerance: stat.Real(f.allowed),
		}
		return
	}
	c.Change = &Change{
		Quantile: c.quantile, BaseUnits: len(c.base), NewUnits: len(c.new), SamplesPerUnit: c.samples,
		Base: pointOf(f.base, f.baseOver), New: pointOf(f.new, f.newOver),
		Ratio: stat.Ratio{Value: stat.Real(1 + c.in(f.change)), Over: f.newOver, Interval: true, Low: 1 + low, High: 1 + high},
		P:     stat.Real(f.p), AdjustedP: stat.Real(f.adjusted), WithinP: stat.Real(f.within), Tolerance: c.in(f.allowed),
	}
}
