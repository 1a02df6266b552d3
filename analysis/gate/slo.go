package gate

import (
	"fmt"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// judge says whether a cell meets a threshold that selects it.
func (t Threshold) judge(c *analysis.Cell) Judgement {
	j := Judgement{Kind: SLO, Key: c.Key, Subject: t.subject()}
	m, known := metricOf(t.Metric)
	if !known || m.judge == nil {
		j.Verdict, j.Reason = Invalid, fmt.Sprintf("%s cannot be judged", t.Metric)
		return j
	}
	if m.unit == latency {
		if reason := invalid(c); reason != "" {
			j.Verdict, j.Reason = Invalid, reason
			return j
		}
	}
	m.judge(t, &j, c)
	return j
}

func passIf(ok bool) Verdict {
	if ok {
		return Pass
	}
	return Fail
}

// bounded decides from the two one-sided bounds of a value.
func (t Threshold) bounded(low, high float64) Verdict {
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

func (t Threshold) judgeQuantile(j *Judgement, c *analysis.Cell) {
	s := c.Latencies
	low, high := s.Lower(t.Quantile, stat.Confidence), s.Upper(t.Quantile, stat.Confidence)
	// A limit that a bound is over is itself not reached.
	j.Verdict = t.bounded(atLeast(low), atMost(high))
	name := fmt.Sprintf("p%s of %d samples is %s", number(100*t.Quantile), s.N(), s.Quantile(t.Quantile))
	j.Reason = fmt.Sprintf("%s, with 95 %% confidence at least %s and at most %s", name, pointText(low), pointText(high))
	if needed := stat.SamplesNeeded(t.Quantile, stat.Confidence); j.Verdict == Inconclusive && s.N() < needed {
		j.Reason = fmt.Sprintf("%s; a bound takes %d", name, needed)
	} else if j.Verdict == Inconclusive {
		j.Reason += "; the limit lies between them"
	}
	j.Power = scalingPower(func(factor float64) float64 {
		return s.CaughtScaling(t.Quantile, stat.Confidence, time.Duration(t.Limit), factor, t.upper())
	}, t.upper())
}

func atLeast(p *stat.Point) float64 {
	switch {
	case p == nil:
		return 0
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

func pointText(p *stat.Point) string {
	if p == nil {
		return "?"
	}
	return p.String()
}

func (t Threshold) judgeMin(j *Judgement, c *analysis.Cell) {
	t.judgeSeen(j, c.Latencies.Min(), "the smallest of %d is %s", c.Measured)
}

func (t Threshold) judgeMax(j *Judgement, c *analysis.Cell) {
	t.judgeSeen(j, c.Latencies.Max(), "the largest of %d is %s", c.Measured)
}

// judgeSeen judges a fact about the samples, not about what they are drawn
// from: no number of samples bounds a minimum or a maximum.
func (t Threshold) judgeSeen(j *Judgement, p stat.Point, format string, n int) {
	j.Reason = fmt.Sprintf(format, n, p)
	if p.Over {
		j.Verdict = t.bounded(atLeast(&p), math.Inf(1))
		return
	}
	j.Verdict = passIf(t.holds(float64(p.Latency)))
}

func (t Threshold) judgeMean(j *Judgement, c *analysis.Cell) {
	s := c.Latencies
	low, high, ok := s.MeanBounds(stat.Confidence)
	if !ok {
		j.Verdict, j.Reason = Inconclusive, "a mean of one sample has no bounds"
		return
	}
	j.Verdict = t.bounded(low, high)
	mean, exists := s.Mean()
	if !exists {
		j.Reason = fmt.Sprintf("no mean exists: %d of %d samples timed out; it is at least %s", s.Censored(), s.N(), stat.Format(time.Duration(low)))
		return
	}
	j.Reason = fmt.Sprintf("the mean of %d samples is %s, with 95 %% confidence at least %s and at most %s", s.N(),
		stat.Format(mean), stat.Format(time.Duration(low)), stat.Format(time.Duration(high)))
	// Both scale with the samples; the mean's own error is about normal.
	half := float64(mean) - low
	j.Power = scalingPower(func(factor float64) float64 {
		beyond := (factor*low - t.Limit) / (factor * half / normal95)
		if !t.upper() {
			beyond = (t.Limit - factor*high) / (factor * half / normal95)
		}
		return 0.5 * math.Erfc(-beyond/math.Sqrt2)
	}, t.upper())
}

// normal95 is the 0.95-quantile of the normal distribution.
const normal95 = 1.6448536269514722

func (t Threshold) judgeFailed(j *Judgement, c *analysis.Cell) {
	t.judgeShare(j, c.Failures(), c.Samples, "failed")
}

func (t Threshold) judgeAnswered(j *Judgement, c *analysis.Cell) {
	t.judgeShare(j, c.OK, c.Samples, "answered")
}

func (t Threshold) judgeCold(j *Judgement, c *analysis.Cell) {
	t.judgeShare(j, c.Cold, c.Samples, "proven cold")
}

func (t Threshold) judgeShare(j *Judgement, k, n int, what string) {
	seen := float64(k) / float64(n)
	j.Reason = fmt.Sprintf("%d of %d %s (%s)", k, n, what, percent(seen))
	if t.Limit == 0 || t.Limit == 1 {
		// No bound ever reaches nothing, or everything: what was seen decides.
		j.Verdict = passIf(t.holds(seen))
		return
	}
	low, high := stat.ShareBounds(k, n, stat.Confidence)
	j.Verdict = t.bounded(low, high)
	j.Reason += fmt.Sprintf(", with 95 %% confidence at least %s and at most %s", percent(low), percent(high))
	if j.Verdict == Inconclusive && t.holds(seen) {
		worst := t.Limit
		if t.upper() {
			worst = 1 - t.Limit
		}
		if needed := stat.SamplesNeeded(worst, stat.Confidence); n < needed {
			j.Reason += fmt.Sprintf("; to show it takes %d samples", needed)
		}
	}
	j.Power = sharePower(t.Limit, n, t.upper())
}

// judgeSpawned judges a fact.
func (t Threshold) judgeSpawned(j *Judgement, c *analysis.Cell) {
	if c.Instances == nil {
		j.Verdict, j.Reason = Inconclusive, "the services were not fired together: there are no rounds to count the instances of"
		return
	}
	j.Verdict = passIf(t.holds(float64(c.Instances.Spawned)))
	j.Reason = fmt.Sprintf("%d instances spawned, in the round with the fewest of %d", c.Instances.Spawned, c.Instances.Rounds)
}

// percent prints a share with at most three digits.
func percent(share float64) string {
	return fmt.Sprintf("%.3g %%", 100*share)
}
