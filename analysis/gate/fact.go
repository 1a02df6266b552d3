package gate

import (
	"fmt"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

func (t Threshold) judgeMin(j *Judgement, e *evidence) {
	j.Reason = fmt.Sprintf("the smallest of %d is %s", e.ranked.N(), e.ranked.Min())
	t.judgeExtreme(j, e, e.ranked.Min())
}

func (t Threshold) judgeMax(j *Judgement, e *evidence) {
	j.Reason = fmt.Sprintf("the largest of %d is %s", e.ranked.N(), e.ranked.Max())
	t.judgeExtreme(j, e, e.ranked.Max())
	j.Reason += e.lost((*stat.Set).Max)
}

// judgeExtreme judges a fact about the starts, not about what they are drawn from:
// no number of samples bounds a minimum or a maximum.
func (t Threshold) judgeExtreme(j *Judgement, e *evidence, p stat.Point) {
	if p.Over && !p.Failed {
		// It may be anything above: what holds for all of that is a fact.
		low, high := atLeast(&p), math.Inf(1)
		if j.Verdict = t.bounded(low, high); j.Verdict == Pass {
			t.seen(j, low, e.ranked.N())
		}
		return
	}
	value := float64(p.Latency)
	if p.Failed {
		value = math.Inf(1)
	}
	t.seen(j, value, e.ranked.N())
}

// judgeSpawned judges a fact about each round.
func (t Threshold) judgeSpawned(j *Judgement, e *evidence) {
	in := e.cell.Instances
	if in == nil {
		j.Verdict, j.Reason = Inconclusive, "the services were not fired together: there are no rounds to count the instances of"
		return
	}
	j.Verdict = Fail
	if t.holds(float64(in.Spawned)) {
		j.Verdict = Pass
	}
	j.Reason = fmt.Sprintf("%d instances spawned, in the round with the fewest of %d; that describes these rounds alone", in.Spawned, in.Rounds)
}

// judgeMean bounds the mean by what a latency can be at most, which is the client
// timeout. The spread that was seen says little of a mean: rare starts that take
// minutes carry it away, and a sample of dozens has none of them.
func (t Threshold) judgeMean(j *Judgement, e *evidence) {
	if e.few() {
		j.Verdict, j.Reason = Inconclusive, e.tooFew()
		return
	}
	values, lost := e.values(e.List)
	mean := stat.Mean(values)
	low, high := stat.MeanBounds(values, float64(e.most()), stat.Confidence)
	groups := e.spread(t, func(g group) float64 {
		own, _ := e.values(g.List)
		return stat.Mean(own)
	})
	low, high = min(low, max(0, groups.low)), max(high, groups.high)
	if lost > 0 || e.timeout == 0 {
		high = math.Inf(1)
	}
	if j.Verdict = t.bounded(low, high); j.Verdict == Pass && len(values) < leastSeen {
		j.Verdict = Inconclusive
	}
	switch {
	case lost > 0:
		j.Reason = fmt.Sprintf("no mean exists: %d of %d starts were not answered; it is at least %s", lost, len(values), stat.Format(time.Duration(low)))
	default:
		j.Reason = fmt.Sprintf("the mean of %d starts is %s, with 95 %% confidence %s %s", len(values),
			stat.Format(time.Duration(mean)), between(low, high), e.over())
	}
	if worse := t.Limit/low - 1; t.upper() && worse > 0 && worse <= mostWorse {
		j.Power = &Power{Worse: stat.Real(worse), Caught: 0.5, Text: fmt.Sprintf("would have failed had all starts taken +%s", percent(worse))}
	}
	if j.Verdict == Inconclusive {
		j.Reason += fmt.Sprintf("; a mean is bounded by nothing but the client timeout, %s: judge a percentile, such as p(50), in its place", stat.Format(e.timeout))
	}
}

// values are the latencies in the order of time. One that was not answered counts as
// the longest that there is; lost is how many these are.
func (e *evidence) values(list start.List) (values []float64, lost int) {
	for _, s := range list {
		switch s.Fate {
		case start.Unproven, start.Pulled:
			continue
		case start.Answered:
			values = append(values, float64(s.Latency))
		case start.TimedOut:
			values, lost = append(values, float64(s.Latency)), lost+1
		default:
			values, lost = append(values, float64(e.most())), lost+1
		}
	}
	return values, lost
}
