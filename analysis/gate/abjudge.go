package gate

import (
	"fmt"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// judgeLatency holds one quantile of the sides against each other.
func (s *abSides) judgeLatency(q float64, o ABOptions) Judgement {
	j := Judgement{Kind: AB, Key: s.b.cell.Key, Subject: "p" + number(100*q)}
	if reason := s.invalid(); reason != "" {
		j.Verdict, j.Reason = Invalid, reason
		return j
	}
	// A run file whose samples are of other classes than its header has pairs, and sides
	// without samples.
	if len(s.pairs) == 0 || s.a.ranked.N() == 0 || s.b.ranked.N() == 0 {
		j.Verdict, j.Reason = Inconclusive, "no block has a proven cold start of both sides"
		return j
	}
	level := alphaLatency / float64(len(o.Quantiles))
	tolerance := o.Tolerance.Of(latencyOrNone(s.a.ranked.Quantile(q)))
	rule := newABRule(q, tolerance, level)
	j.Verdict = rule.decide(s.pairs)
	j.Change = s.change(q, tolerance, level, rule)
	j.Verdict = s.services.allow(j.Verdict, j.Change)
	j.Reason = s.changeReason(j.Subject, j.Change)
	if reason := s.tooManyFailed(); reason != "" && j.Verdict != Fail {
		j.Verdict, j.Reason = Invalid, reason
		return j
	}
	if j.Verdict == Inconclusive {
		j.Reason += "; " + j.Change.Undecided() + s.services.reason()
	}
	if !o.Interim {
		j.Power = abPower(q, tolerance, level, s.pairs, o.Seed)
		j.Notice = abNotice(j.Verdict, j.Change)
	}
	return j
}

// latencyOrNone is a latency as a number, infinite where none is known: a tolerance in
// milliseconds is no share of it then.
func latencyOrNone(p stat.Point) float64 {
	if p.Latency <= 0 {
		return math.Inf(1)
	}
	return float64(p.Latency)
}

// change is what was measured. The ratio of the medians, and its bounds, are those
// within a block, each bound at the level of the verdict that it decides; that of another percentile is the ratio of the sides' percentiles,
// and has no bounds.
func (s *abSides) change(q, tolerance, level float64, rule *sequential) *Change {
	slower, within := rule.p()
	base, new := s.a.ranked.Quantile(q), s.b.ranked.Quantile(q)
	c := &Change{
		Quantile: q, BaseUnits: len(s.pairs), NewUnits: len(s.pairs), SamplesPerUnit: 1, Base: base, New: new,
		P: stat.Real(slower), AdjustedP: stat.Real(adjustedFor(slower, level)), WithinP: stat.Real(within), Tolerance: tolerance,
	}
	if q != 0.5 {
		c.Ratio = stat.Ratio{Value: ratioOf(base, new), Over: new.Over, High: stat.Real(math.Inf(1))}
		return c
	}
	var pairs []stat.Pair
	for _, p := range s.pairs {
		pairs = append(pairs, p.Pair)
	}
	low, _ := stat.PairBounds(pairs, level)
	_, high := stat.PairBounds(pairs, alphaWithin)
	if low > high { // what is measured changed while it was: no ratio fits all of it
		low, high = math.Inf(-1), math.Inf(1)
	}
	c.Ratio = stat.Ratio{Value: stat.Real(math.Exp(stat.Centre(logRatios(s.pairs)))), Over: new.Over,
		Low: stat.Real(math.Exp(low)), High: stat.Real(math.Exp(high)), Interval: true}
	return c
}

func ratioOf(base, new stat.Point) stat.Real {
	return stat.Real(float64(new.Latency) / float64(max(base.Latency, time.Nanosecond)))
}

// adjustedFor makes a p-value that has to reach its own level comparable with
// that of all.
func adjustedFor(p, level float64) float64 { return min(1, p*analysis.Alpha/level) }

func (s *abSides) changeReason(subject string, c *Change) string {
	change := signedPercent(float64(c.Ratio.Value) - 1)
	if c.Ratio.Over {
		change = "at least " + change
	}
	if c.Quantile != 0.5 {
		return fmt.Sprintf("%s is %s, of a %s: %s; p = %s that b exceeds it more often, p = %s that b does not where a is made slower by the tolerance, over %d blocks; tolerance %s",
			subject, c.New, c.Base, change, stat.PText(c.AdjustedP), stat.PText(c.WithinP), c.NewUnits, percent(c.Tolerance))
	}
	return fmt.Sprintf("%s is %s, of a %s; within a block b takes %s (%s), p = %s over %d blocks; tolerance %s",
		subject, c.New, c.Base, change, boundsText(c.Ratio), stat.PText(c.AdjustedP), c.NewUnits, percent(c.Tolerance))
}

// Undecided says what is missing to decide on side b of an A/B run.
func (c *Change) Undecided() string {
	switch {
	case float64(c.AdjustedP) <= analysis.Alpha:
		return "b is slower, but not shown to be by more or less than the tolerance"
	case c.Quantile == 0.5 && (c.Ratio.Low == 0 || math.IsInf(float64(c.Ratio.High), 1)):
		return "too few blocks to say"
	}
	return "neither is b shown to be slower, nor to be within the tolerance"
}

func abNotice(v Verdict, c *Change) string {
	ratio := float64(c.Ratio.Value)
	switch {
	case v == Pass && float64(c.AdjustedP) <= analysis.Alpha && ratio > 1:
		return "slower by " + percent(ratio-1) + ", within the tolerance"
	case v == Pass && c.Ratio.Interval && c.Ratio.High < 1 && ratio < 1/(1+c.Tolerance):
		return "improvement: faster by " + percent(1-ratio)
	}
	return ""
}

// judgeFailures holds how often the sides fail against each other, timeouts and
// starts that were not made included. b passes where it is shown not to fail in more
// than 5 % more of the blocks than a.
func (s *abSides) judgeFailures() Judgement {
	j := Judgement{Kind: AB, Key: s.b.cell.Key, Subject: "failed", Verdict: Inconclusive}
	var a, b int
	var more stat.Evidence
	few := stat.Below{Limit: mostMoreFailed}
	var differences []float64
	for _, k := range s.blocks {
		x, y := failures(isFailed(k.a)), failures(isFailed(k.b))
		a, b = a+x, b+y
		more.Add(float64(y - x))
		few.Add(float64(y - x))
		differences = append(differences, float64(y-x))
	}
	n := len(s.blocks)
	seen := float64(b-a) > mostMoreFailed*float64(n)
	switch {
	case seen && more.P() <= alphaFailed:
		j.Verdict = Fail
	case few.P() <= alphaWithin && !seen:
		j.Verdict = Pass
	}
	j.Reason = fmt.Sprintf("%d of %d failed, of a %d", b, n, a)
	if n > 0 {
		j.Reason += fmt.Sprintf("; with 95 %% confidence b fails in at most %s more of the blocks, %s are accepted",
			percent(stat.MeanBelow(differences, alphaWithin)), percent(mostMoreFailed))
	}
	if seen {
		j.Reason += fmt.Sprintf("; p = %s that b fails more often", stat.PText(stat.Real(adjustedFor(more.P(), alphaFailed))))
	}
	return j
}

func failures(failed bool) int {
	if failed {
		return 1
	}
	return 0
}
