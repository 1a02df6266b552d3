package gate

import (
	"fmt"
	"math"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// mostRuns is the largest number of runs on each side that is proposed.
const mostRuns = 200

// explain says in words what decided, and what the judgement would have caught.
func (c *comparison) explain(comparisons int, o Options) {
	c.Reason = c.reason()
	c.Power = c.power(comparisons, o)
	switch c.Verdict {
	case Inconclusive:
		c.Reason += "; " + c.missing(comparisons)
	case Invalid:
		c.Reason = c.tooMany + "; " + c.Reason
	case Pass:
		c.Notice = c.notice(comparisons)
	}
}

func (c *comparison) reason() string {
	ch := c.Change
	change := signedPercent(c.worse())
	if ch.New.Over {
		change = "at least " + change
	}
	return fmt.Sprintf("%s is %s, was %s: %s (with 95 %% confidence %s), p = %s over %d against %d runs of %d; tolerance %s",
		c.Subject, ch.New, ch.Base, change, boundsText(ch.Ratio),
		stat.PText(ch.AdjustedP), ch.NewUnits, ch.BaseUnits, ch.SamplesPerUnit, percent(c.tolerance))
}

// missing says why neither is shown, and how many runs it would take.
func (c *comparison) missing(comparisons int) string {
	ch := c.Change
	if ch.Base.Over || ch.New.Over {
		return "so many starts failed or timed out that the change may be larger: judge a lower percentile, or raise the timeout"
	}
	level := analysis.Alpha / float64(comparisons)
	text := "neither is a slowdown beyond the tolerance shown, nor that there is none"
	if stat.LeastP(ch.BaseUnits, ch.NewUnits) > level*(1+1e-9) && c.worse() > c.tolerance {
		needed := stat.RunsNeeded(level)
		return fmt.Sprintf("%s; among %d comparisons it takes %d against %d runs to show one", text, comparisons, needed, needed)
	}
	if n := c.runsNeeded(level); n <= mostRuns {
		return fmt.Sprintf("%s; if the runs go on like this it takes about %d on each side", text, n)
	}
	return fmt.Sprintf("%s; if the runs go on like this it takes more than %d on each side", text, mostRuns)
}

// runsNeeded is about how many runs on each side would tell a change like the one
// seen from none, or from the tolerance, four times out of five.
func (c *comparison) runsNeeded(level float64) int {
	deviation := math.Sqrt(stat.PooledVariance(c.values[:len(c.base)], c.values[len(c.base):]))
	change := math.Log1p(c.worse())
	gap, confidence := math.Log1p(c.tolerance)-change, 1-analysis.Alpha
	if gap < 0 {
		gap, confidence = change, 1-level
	}
	for n := stat.RunsNeeded(1 - confidence); n <= mostRuns; n++ {
		free := 2*n - 2
		if (stat.Student(free, confidence)+stat.Student(free, wanted))*deviation*math.Sqrt(2/float64(n)) <= gap {
			return max(n, min(c.Change.BaseUnits, c.Change.NewUnits)+1)
		}
	}
	return mostRuns + 1
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
	}
	return ""
}

func signedPercent(share float64) string {
	if share > 0 {
		return "+" + percent(share)
	}
	return percent(share)
}

// boundsText says between what bounds a ratio lies, as changes.
func boundsText(r stat.Ratio) string {
	low, high := "no lower bound", "no upper bound"
	if r.Low > 0 {
		low = "at least " + signedPercent(float64(r.Low)-1)
	}
	if !math.IsInf(float64(r.High), 1) {
		high = "at most " + signedPercent(float64(r.High)-1)
	}
	return low + ", " + high
}
