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
	Quantile float64 `json:"quantile"`
	// BaseUnits and NewUnits are how many runs or blocks stand on each side,
	// SamplesPerUnit how many samples each of their quantiles is of.
	BaseUnits      int `json:"baseUnits"`
	NewUnits       int `json:"newUnits"`
	SamplesPerUnit int `json:"samplesPerUnit"`
	// Base and New are the geometric means of the runs' quantiles; of an A/B run,
	// the quantiles of each side.
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
		p = append(p, float64(c.Change.P))
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
	if needed := SamplesNeeded(c.quantile); c.samples < needed {
		c.inconclusive("%s takes %d proven cold starts a run; one has %d", c.Subject, needed, c.samples)
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

// logQuantiles are those of all runs, the base's first, and whether any of each side
// lies among failures or timeouts. What takes longer than the limit counts as the
// limit; the base's limit is smaller by a factor if its runs are to be compared with
// others that take so much longer.
func (c *comparison) logQuantiles(factor float64) (values []float64, baseOver, newOver bool) {
	for i, s := range slices.Concat(c.base, c.new) {
		limit := c.limit
		if i < len(c.base) {
			limit = time.Duration(float64(c.limit) / factor)
		}
		v, clipped := s.LogQuantile(c.quantile, limit)
		values = append(values, v)
		baseOver = baseOver || clipped && i < len(c.base)
		newOver = newOver || clipped && i >= len(c.base)
	}
	return values, baseOver, newOver
}

// measure fills in the change and its p-value.
func (c *comparison) measure(o Options) {
	values, baseOver, newOver := c.logQuantiles(1)
	c.values = values
	base, new := values[:len(c.base)], values[len(c.base):]
	if c.perms == nil {
		c.perms = stat.NewPermutations(len(base), len(new), mostPermutations, o.Seed)
	}
	low, high := c.perms.Bounds(values, stat.Confidence)
	if newOver {
		high = math.Inf(1)
	}
	if baseOver {
		low = math.Inf(-1)
	}
	c.Change = &Change{
		Quantile: c.quantile, BaseUnits: len(base), NewUnits: len(new), SamplesPerUnit: c.samples,
		Base: geometric(base, baseOver), New: geometric(new, newOver),
		Ratio: stat.Ratio{Value: stat.Real(math.Exp(stat.Mean(new) - stat.Mean(base))), Over: newOver, Interval: true,
			Low: stat.Real(math.Exp(low)), High: stat.Real(math.Exp(high))},
		P: stat.Real(c.perms.P(values)),
	}
	c.tolerance = o.Tolerance.Of(float64(c.Change.Base.Latency))
	c.Change.Tolerance, c.Change.WithinP = c.tolerance, stat.Real(c.within())
}

func geometric(logs []float64, over bool) stat.Point {
	return stat.Point{Latency: time.Duration(math.Exp(stat.Mean(logs))), Over: over}
}

// judge gives the verdict on a change that was measured. Counting all that is
// over the limit as the limit, on both sides alike, keeps the test exact and
// makes a change smaller than it is: so a failure holds among timeouts.
func (c *comparison) judge(adjusted float64) {
	c.Change.AdjustedP = stat.Real(adjusted)
	switch {
	case c.shown() && c.worse() > c.tolerance:
		c.Verdict = Fail
	case c.tooMany != "":
		c.Verdict = Invalid
	case float64(c.Change.WithinP) <= analysis.Alpha*(1+1e-9):
		c.Verdict = Pass
	default:
		c.Verdict = Inconclusive
	}
}

// shown says that chance does not explain that the new runs are slower.
func (c *comparison) shown() bool { return float64(c.Change.AdjustedP) <= analysis.Alpha*(1+1e-9) }

// within is the p-value of the new runs being slower by the tolerance or more: where
// it is small, the upper bound of the change lies under the tolerance. The test is
// that of shown the other way round, of base runs made slower by the tolerance, and
// as exact. It is not adjusted for the number of comparisons, because all of them
// have to pass.
func (c *comparison) within() float64 {
	values, _, _ := c.logQuantiles(1 + c.tolerance)
	for i := range values {
		if i < len(c.base) {
			values[i] += math.Log1p(c.tolerance)
		}
		values[i] = -values[i]
	}
	return c.perms.P(values)
}

// worse is the share by which the new runs are slower.
func (c *comparison) worse() float64 { return float64(c.Change.Ratio.Value) - 1 }
