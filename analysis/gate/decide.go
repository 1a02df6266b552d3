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
	// BaseUnits and NewUnits are how many runs, blocks or batches of them stand on
	// each side, SamplesPerUnit how many samples each of their quantiles is of.
	BaseUnits      int `json:"baseUnits"`
	NewUnits       int `json:"newUnits"`
	SamplesPerUnit int `json:"samplesPerUnit"`
	// Base and New are the geometric means of the units' quantiles; of an A/B run,
	// the quantiles of each side.
	Base stat.Point `json:"base"`
	New  stat.Point `json:"new"`
	// Ratio is New over Base, with Student's interval of the logarithms. Of an A/B
	// run it is the ratio within a block, with the bounds of JudgeAB.
	Ratio stat.Ratio `json:"ratio"`
	// P is one-sided, AdjustedP the same adjusted for all comparisons.
	P         stat.Real `json:"p"`
	AdjustedP stat.Real `json:"adjustedP"`
	// Tolerance is the share by which New may exceed Base.
	Tolerance float64 `json:"tolerance"`
}

const (
	// mostPermutations is how many are listed; more are drawn by chance. It
	// covers ten runs against ten.
	mostPermutations = 200_000
	// mostClipped is the weight of censored samples in a unit's quantile beyond
	// which the quantile counts as unknown.
	mostClipped = 0.5
)

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
		if c := &list[i]; c.Verdict == "" && c.enoughSamples() {
			open = append(open, c)
		}
	}
	all := len(open)
	open = slices.DeleteFunc(open, func(c *comparison) bool { return !c.enoughRuns(all, o) })
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
	c.samples = math.MaxInt
	for _, s := range slices.Concat(c.base, c.new) {
		c.samples = min(c.samples, s.N())
		if l := s.Limit(); l > 0 && (c.limit == 0 || l < c.limit) {
			c.limit = l
		}
	}
	if needed := samplesNeeded(c.quantile); c.samples < needed {
		c.inconclusive("%s takes %d proven cold starts a run; one has %d", c.Subject, needed, c.samples)
		return false
	}
	return true
}

// enoughRuns says whether the permutations are so many that a difference could
// be shown, were it the only one among the comparisons.
func (c *comparison) enoughRuns(comparisons int, o Options) bool {
	level := analysis.Alpha / float64(comparisons)
	if stat.LeastP(len(c.base), len(c.new)) > level*(1+1e-9) {
		c.inconclusive("%d against %d %ss show nothing among %d comparisons; it takes %d against %d",
			len(c.new), len(c.base), o.Unit, comparisons, stat.RunsNeeded(level), stat.RunsNeeded(level))
		return false
	}
	return true
}

// logQuantiles fills in the values, and counts the units on each side whose
// quantile lies among censored samples.
func (c *comparison) logQuantiles() (clippedBase, clippedNew int) {
	for i, s := range slices.Concat(c.base, c.new) {
		v, clipped := s.LogQuantile(c.quantile, c.samples, c.limit)
		c.values = append(c.values, v)
		if clipped >= mostClipped && i < len(c.base) {
			clippedBase++
		} else if clipped >= mostClipped {
			clippedNew++
		}
	}
	return clippedBase, clippedNew
}

// measure fills in the change and its p-value.
func (c *comparison) measure(o Options) {
	clippedBase, clippedNew := c.logQuantiles()
	base, new := c.values[:len(c.base)], c.values[len(c.base):]
	difference, half := stat.MeanDifference(base, new, stat.Confidence)
	if c.perms == nil {
		c.perms = stat.NewPermutations(len(base), len(new), mostPermutations, o.Seed)
	}
	c.Change = &Change{
		Quantile: c.quantile, BaseUnits: len(base), NewUnits: len(new), SamplesPerUnit: c.samples,
		Base: geometric(base, clippedBase > 0), New: geometric(new, clippedNew > 0),
		Ratio: stat.Ratio{Value: stat.Real(math.Exp(difference)), Over: clippedNew > 0, Interval: true,
			Low: stat.Real(math.Exp(difference - half)), High: stat.Real(math.Exp(difference + half))},
		P: stat.Real(c.perms.P(c.values)),
	}
	c.tolerance = o.Tolerance.Of(float64(c.Change.Base.Latency))
	c.Change.Tolerance = c.tolerance
}

func geometric(logs []float64, over bool) stat.Point {
	return stat.Point{Latency: time.Duration(math.Exp(stat.Mean(logs))), Over: over}
}

// judge gives the verdict on a change that was measured. Counting all that is
// over the limit as the limit, on both sides alike, keeps the test exact and
// makes a change smaller than it is: so a failure holds among timeouts, and a
// pass does not.
func (c *comparison) judge(adjusted float64) {
	c.Change.AdjustedP = stat.Real(adjusted)
	switch {
	case c.shown() && c.worse() > c.tolerance:
		c.Verdict = Fail
	case c.Change.Base.Over || c.Change.New.Over:
		c.Verdict = Inconclusive
	default:
		c.Verdict = Pass
	}
}

// shown says that chance does not explain that the new runs are slower.
func (c *comparison) shown() bool { return float64(c.Change.AdjustedP) <= analysis.Alpha*(1+1e-9) }

// worse is the share by which the new runs are slower.
func (c *comparison) worse() float64 { return float64(c.Change.Ratio.Value) - 1 }

func (c *comparison) explain(comparisons int, o Options) {
	c.Reason = c.reason(o)
	c.Power = c.power(comparisons, o)
	if c.Verdict == Inconclusive {
		c.Reason += "; so many requests timed out that the change may be larger"
	}
	if c.Verdict == Pass {
		c.Notice = c.notice(comparisons)
	}
}

func (c *comparison) reason(o Options) string {
	ch := c.Change
	change := signedPercent(c.worse())
	if ch.New.Over {
		change = "at least " + change
	}
	return fmt.Sprintf("%s is %s, was %s: %s (95 %% interval %s to %s), p = %s over %d against %d %ss of %d; tolerance %s",
		c.Subject, ch.New, ch.Base, change, signedPercent(float64(ch.Ratio.Low)-1), signedPercent(float64(ch.Ratio.High)-1),
		stat.PText(ch.AdjustedP), ch.NewUnits, ch.BaseUnits, o.Unit, ch.SamplesPerUnit, percent(c.tolerance))
}

// notice tells what is worth knowing of a pass.
func (c *comparison) notice(comparisons int) string {
	worse := c.worse()
	mirrored := make([]float64, len(c.values))
	for i, v := range c.values {
		mirrored[i] = -v
	}
	faster := c.perms.P(mirrored)*float64(comparisons) <= analysis.Alpha*(1+1e-9)
	switch {
	case faster && -worse > c.tolerance/(1+c.tolerance):
		return "improvement: faster by " + percent(-worse)
	case c.shown() && worse > 0:
		return "slower by " + percent(worse) + ", within the tolerance"
	case worse > c.tolerance:
		return "seen slower by " + percent(worse) + ", which chance explains"
	}
	return ""
}

func signedPercent(share float64) string {
	if share > 0 {
		return "+" + percent(share)
	}
	return percent(share)
}
