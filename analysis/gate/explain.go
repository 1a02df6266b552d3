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
	f := c.found
	change := c.change(f.change)
	if f.newOver {
		change = "at least " + change
	}
	of := ""
	if c.quantile > 0 {
		of = fmt.Sprintf(" of %d", c.samples)
	}
	return fmt.Sprintf("%s is %s, was %s: %s (with 95 %% confidence %s), p = %s over %d against %d runs%s; tolerance %s",
		c.Subject, c.value(f.new, f.newOver), c.value(f.base, f.baseOver), change, betweenText(f.low, f.high, c.change),
		stat.PText(stat.Real(f.adjusted)), len(c.new), len(c.base), of, c.scale.tolerance(f.allowed))
}

// missing says why neither is shown, and how many runs it would take.
func (c *comparison) missing(comparisons int) string {
	switch {
	case c.coarse():
		return fmt.Sprintf("each is known to within %s, which is more than the tolerance: allow more with --tolerance", stat.Format(c.resolution))
	case c.found.baseOver || c.found.newOver:
		return c.tooFar
	case c.found.within <= analysis.Alpha*(1+1e-9):
		return fmt.Sprintf("%d of %d requests failed, which may be %s of them: it takes more requests to show that it is less", c.failed, c.requests, percent(c.mostFailures()))
	}
	level := analysis.Alpha / float64(comparisons)
	text := "neither is a slowdown beyond the tolerance shown, nor that there is none"
	if stat.LeastP(len(c.base), len(c.new)) > level*(1+1e-9) && c.worse() {
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
	change := c.found.change
	gap, confidence := c.found.allowed-change, 1-analysis.Alpha
	if gap < 0 {
		gap, confidence = change, 1-level
	}
	if gap == 0 {
		return mostRuns + 1
	}
	for n := stat.RunsNeeded(1 - confidence); n <= mostRuns; n++ {
		free := 2*n - 2
		if (stat.Student(free, confidence)+stat.Student(free, wanted))*deviation*math.Sqrt(2/float64(n)) <= gap {
			return max(n, min(len(c.base), len(c.new))+1)
		}
	}
	return mostRuns + 1
}

// notice tells what is worth knowing of a pass.
func (c *comparison) notice(comparisons int) string {
	change := c.found.change
	mirrored := make([]float64, len(c.values))
	for i, v := range c.values {
		mirrored[i] = -v
	}
	better := c.perms.P(mirrored)*float64(comparisons) <= analysis.Alpha*(1+1e-9)
	_, amount := c.scale.(amountScale)
	switch {
	case better && -change > c.found.allowed && amount:
		return "improvement: less by " + c.change(-change)[len("+"):]
	case better && -change > c.found.allowed:
		return "improvement: faster by " + percent(-c.in(change))
	case c.shown() && change > 0 && amount:
		return "more by " + c.change(change)[len("+"):] + ", within the tolerance"
	case c.shown() && change > 0:
		return "slower by " + percent(c.in(change)) + ", within the tolerance"
	}
	return ""
}

func signedPercent(share float64) string {
	if share > 0 {
		return "+" + percent(share)
	}
	return percent(share)
}

// betweenText says between what bounds a change lies, if it is bounded.
func betweenText(lower, upper float64, write func(float64) string) string {
	low, high := "no lower bound", "no upper bound"
	if !math.IsInf(lower, -1) {
		low = "at least " + write(lower)
	}
	if !math.IsInf(upper, 1) {
		high = "at most " + write(upper)
	}
	return low + ", " + high
}

// boundsText says between what bounds a ratio lies, as changes.
func boundsText(r stat.Ratio) string {
	return betweenText(math.Log(float64(r.Low)), math.Log(float64(r.High)), shareScale{}.change)
}
