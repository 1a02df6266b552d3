package gate

import (
	"fmt"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// leastSeen is how many starts it takes to pass on what was merely seen, such as a
// maximum: with 29, at least nine starts in ten are like that, with 95 % confidence.
const leastSeen = 29

// judge says whether a cell meets a threshold that selects it.
func (t Threshold) judge(e *evidence) Judgement {
	j := Judgement{Kind: SLO, Key: e.cell.Key, Subject: t.subject()}
	m, known := metricOf(t.Metric)
	if !known || m.judge == nil {
		j.Verdict, j.Reason = Invalid, fmt.Sprintf("%s cannot be judged", t.Metric)
		return j
	}
	if m.unit == latency {
		if reason := e.invalid(); reason != "" {
			j.Verdict, j.Reason = Invalid, reason
			return j
		}
	}
	m.judge(t, &j, e)
	if m.unit == latency && j.Verdict != Fail {
		if reason := e.tooManyFailed(); reason != "" {
			j.Verdict, j.Reason = Invalid, reason
		}
	}
	return j
}

// bounded decides from the two one-sided bounds of a value. Bounds that are no numbers
// decide nothing.
func (t Threshold) bounded(low, high float64) Verdict {
	if math.IsNaN(low) || math.IsNaN(high) {
		return Inconclusive
	}
	best, worst := low, high // as a threshold from above sees it
	if !t.upper() {
		best, worst = high, low
	}
	switch {
	case t.holds(worst):
		return Pass
	case !t.holds(best):
		return Fail
	}
	return Inconclusive
}

// seen decides from a fact. It passes only if there are enough starts.
func (t Threshold) seen(j *Judgement, value float64, starts int) {
	switch {
	case !t.holds(value):
		j.Verdict = Fail
	case starts < leastSeen:
		j.Verdict = Inconclusive
		j.Reason += fmt.Sprintf("; that describes this run alone, and to pass on it takes %d starts", leastSeen)
	default:
		j.Verdict = Pass
		j.Reason += "; that describes this run alone and bounds nothing beyond it"
	}
}

// judgeQuantile judges a percentile by its bounds.
func (t Threshold) judgeQuantile(j *Judgement, e *evidence) {
	b := e.quantileBounds(t)
	if e.few() {
		b.low, b.high = e.unbounded(t, b.low, b.high)
	}
	j.Verdict = t.bounded(b.low, b.high)
	j.Reason = t.quantileReason(e, j.Verdict, b.low, b.high)
	j.Power = scalingPower(func(factor float64) float64 { return b.caught(t, e, factor) }, t.upper())
}

// quantileBounds are the one-sided bounds, each at stat.Confidence, of a quantile.
type quantileBounds struct {
	low, high float64
	// centre is the logarithm of the quantile, and groups what the groups leave open of
	// it.
	centre float64
	groups spread
}

// quantileBounds bounds a quantile twice: by its order statistics, as if all starts
// were independent, and by how much it differs between groups of starts that are
// not. The wider bound counts on each side. Rounds that are too few for the latter
// have the former alone.
func (e *evidence) quantileBounds(t Threshold) quantileBounds {
	s, q := e.ranked, t.Quantile
	lower, upper := s.Lower(q, stat.Confidence), s.Upper(q, stat.Confidence)
	b := quantileBounds{low: atLeast(lower), high: atMost(upper)} // a limit that a bound is over is itself not reached
	own := func(g group) float64 {
		v, _ := g.ranked.LogQuantile(q, e.most())
		return v
	}
	b.centre, b.groups = own(group{ranked: s}), e.spread(t, own)
	if !e.few() && b.groups.deviation > 0 {
		b.low, b.high = min(b.low, math.Exp(b.groups.low)), max(b.high, math.Exp(b.groups.high))
	}
	return b
}

// caught is how often the threshold would fail, by both bounds, if everything took
// factor times as long.
func (b quantileBounds) caught(t Threshold, e *evidence, factor float64) float64 {
	byRank := e.ranked.CaughtScaling(t.Quantile, stat.Confidence, time.Duration(t.Limit), factor, t.upper())
	if b.groups.deviation == 0 || math.IsInf(b.groups.deviation, 1) {
		return byRank
	}
	beyond := b.centre + math.Log(factor) - math.Log(t.Limit)
	if !t.upper() {
		beyond = -beyond
	}
	// To fail, the bound on the far side of the limit has to reach it.
	return min(byRank, normalCDF((beyond-b.groups.half(b.centre, !t.upper()))/b.groups.deviation))
}

// unbounded takes the bound away by which the threshold could pass. What is left is
// a failure of the rounds that there are.
func (e *evidence) unbounded(t Threshold, low, high float64) (float64, float64) {
	if t.upper() {
		return low, math.Inf(1)
	}
	return math.Inf(-1), high
}

func (t Threshold) quantileReason(e *evidence, v Verdict, low, high float64) string {
	s := e.ranked
	reason := fmt.Sprintf("p%s of %d starts is %s", number(100*t.Quantile), s.N(), s.Quantile(t.Quantile))
	needed := stat.SamplesNeeded(t.Quantile, stat.Confidence)
	switch {
	case e.few():
		reason += " in what was fired together; " + e.tooFew()
	case v == Inconclusive && s.N() < needed:
		reason += fmt.Sprintf("; a bound takes %d", needed)
	default:
		reason += ", with 95 % confidence " + between(low, high) + " " + e.over()
		if v == Inconclusive {
			reason += "; the limit lies between them"
		}
	}
	return reason + e.lost(func(alone *stat.Set) stat.Point { return alone.Quantile(t.Quantile) })
}

func atLeast(p *stat.Point) float64 {
	switch {
	case p == nil:
		return 0
	case p.Failed:
		return math.Inf(1)
	case p.Over:
		return math.Nextafter(float64(p.Latency), math.Inf(1))
	}
	return float64(p.Latency)
}

func atMost(p *stat.Point) float64 {
	if p == nil || p.Over {
		return math.Inf(1)
	}
	return float64(p.Latency)
}

// between says in what bounds, in nanoseconds, a latency lies. An infinite lower bound
// is a failure; a bound that does not exist is left out.
func between(low, high float64) string {
	least, most := stat.Format(finite(low)), stat.Format(finite(high))
	switch {
	case math.IsInf(low, 1):
		return "no less than a failure"
	case low <= 0 && math.IsInf(high, 1):
		return "without bounds"
	case low <= 0:
		return "at most " + most
	case math.IsInf(high, 1):
		return "at least " + least + ", without an upper bound"
	}
	return "at least " + least + " and at most " + most
}

func finite(v float64) time.Duration { return time.Duration(min(max(v, 0), float64(longest))) }

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
