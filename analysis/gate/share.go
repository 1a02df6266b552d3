package gate

import (
	"fmt"
	"math"

	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

func (t Threshold) judgeFailed(j *Judgement, e *evidence) {
	t.judgeShare(j, e, "failed", func(s start.Start) bool { return !wasAnswered(s) })
}

func (t Threshold) judgeAnswered(j *Judgement, e *evidence) {
	t.judgeShare(j, e, "answered", wasAnswered)
}

func (t Threshold) judgeCold(j *Judgement, e *evidence) {
	t.judgeShare(j, e, "proven cold", func(s start.Start) bool { return s.Proven })
}

// judgeShare bounds a share of all that was to be done: by the binomial, as if all
// starts were independent, and by how much it differs between groups of starts that
// are not. The wider bound counts on each side.
func (t Threshold) judgeShare(j *Judgement, e *evidence, what string, is func(start.Start) bool) {
	k, n := tally(e.List, is), len(e.List)
	seen := float64(k) / float64(n)
	j.Reason = fmt.Sprintf("%d of %d %s (%s)", k, n, what, percent(seen))
	if left := e.Count(start.NotMade); left > 0 {
		j.Reason += fmt.Sprintf("; %d were not made", left)
	}
	if t.Limit == 0 || t.Limit == 1 {
		// No bound ever reaches nothing, or everything.
		t.seen(j, seen, n)
		return
	}
	low, high := stat.ShareBounds(k, n, stat.Confidence)
	groups := e.spread(t, func(g group) float64 { return float64(tally(g.List, is)) / float64(len(g.List)) })
	if e.few() {
		low, high = e.unbounded(t, low, high)
		j.Verdict = t.bounded(low, high)
		j.Reason += " in what was fired together; " + e.tooFew()
		return
	}
	low, high = max(0, min(low, groups.low)), min(1, max(high, groups.high))
	j.Verdict = t.bounded(low, high)
	j.Reason += fmt.Sprintf(", with 95 %% confidence at least %s and at most %s %s", percent(low), percent(high), e.over())
	if j.Verdict == Inconclusive && t.holds(seen) {
		j.Reason += t.startsNeeded(n)
	}
	j.Power = t.sharePower(n, groups.half(seen, !t.upper()), groups.deviation)
}

// wasAnswered says that the answer was right, whether the start counts as cold or not.
func wasAnswered(s start.Start) bool {
	return s.Fate == start.Answered || s.Fate == start.Unproven || s.Fate == start.Pulled
}

func tally(list start.List, is func(start.Start) bool) int {
	k := 0
	for _, s := range list {
		if is(s) {
			k++
		}
	}
	return k
}

// startsNeeded says how many starts it takes to show the share, were all of them
// as they should be.
func (t Threshold) startsNeeded(n int) string {
	worst := t.Limit
	if t.upper() {
		worst = 1 - t.Limit
	}
	needed := stat.SamplesNeeded(worst, stat.Confidence)
	if n >= needed {
		return ""
	}
	return fmt.Sprintf("; to show it takes %d starts", needed)
}

// sharePower finds the share that would have been caught as often as wanted, by
// both bounds.
func (t Threshold) sharePower(n int, half, deviation float64) *Power {
	limit, upper := t.Limit, t.upper()
	end, byCount := shareCatcher(limit, n, upper)
	caught := func(share float64) float64 {
		if deviation == 0 || math.IsInf(deviation, 1) {
			return byCount(share)
		}
		return min(byCount(share), normalCDF((math.Abs(share-limit)-half)/deviation))
	}
	if caught(end) < wanted {
		return &Power{Worse: stat.Real(math.Abs(end - limit)), Text: "so few samples could not have failed"}
	}
	share := bisect(limit, end, func(s float64) bool { return caught(s) < wanted })
	return &Power{Worse: stat.Real(math.Abs(share - limit)), Caught: stat.Real(caught(share)),
		Text: fmt.Sprintf("would have caught a share of %s, %.0f %% of the time", percent(share), 100*caught(share))}
}

// percent prints a share with at most three digits.
func percent(share float64) string {
	return fmt.Sprintf("%.3g %%", 100*share)
}
