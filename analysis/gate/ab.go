package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// ABOptions of the gate over the two sides of one run.
type ABOptions struct {
	// Tolerance is how much slower is accepted even if it is shown.
	Tolerance Tolerance `json:"tolerance"`
	// Interim leaves out the power, which is simulated: for a look while the run
	// goes on.
	Interim bool `json:"-"`
	// Seed of the power's simulation.
	Seed uint64 `json:"seed,omitempty"`
}

// The chance of a false alarm, analysis.Alpha, is shared out between what is
// asked of the sides.
const (
	alphaLatency = 0.04
	alphaFailed  = 0.01
)

// mostMoreFailed is the share of the blocks by which b may fail more often than a.
const mostMoreFailed = 0.05

// IsAB says that a run has two sides.
func IsAB(r *record.Run) bool {
	return sideOf(r, record.VariantA) != nil && sideOf(r, record.VariantB) != nil
}

func sideOf(r *record.Run, variant string) *record.Class {
	at := slices.IndexFunc(r.Header.Classes, func(c record.Class) bool { return c.Variant == variant })
	if at < 0 {
		return nil
	}
	return &r.Header.Classes[at]
}

// JudgeAB judges side b of an A/B run against side a. The block is the unit of
// evidence: one cold start of each side, next to each other, in random order, so
// that what drifts is the same for both.
//
// It may be asked after every block and the run ended as soon as it says pass or
// fail: the evidence is stat.Evidence, which holds at every look. Asked again of
// the whole file it says the same again.
//
// The latency of b fails where it is shown to be larger than that of a within a
// block, and the ratio exceeds the tolerance. It passes where it is shown to be
// less than the tolerance larger. Otherwise it is inconclusive. b also fails
// where it is shown to fail more often, in more than 5 % more of the blocks, and
// cannot pass while it does so without that being shown. If both sides are the
// same, the chance that any of this ever fails is 5 % at most; the chance that a
// latency larger by the tolerance, or more, passes is 4 %.
func JudgeAB(r *record.Run, o ABOptions) (*Result, error) {
	if err := (Options{Tolerance: o.Tolerance}).Validate(); err != nil {
		return nil, err
	}
	if !IsAB(r) {
		return nil, fmt.Errorf("judge side b against side a: %w: run %s has no two sides; 'ab' makes runs that do", ErrNothingToJudge, r.Header.RunID)
	}
	if o.Tolerance == (Tolerance{}) {
		o.Tolerance = DefaultTolerance
	}
	s := analysis.Summarise(r)
	a, b := cellOf(s, sideOf(r, record.VariantA)), cellOf(s, sideOf(r, record.VariantB))
	result := newResult(s.Warnings)
	blocks := blocksOf(r)
	result.add(judgeLatency(a, b, blocks, o))
	result.add(judgeFailures(b.Key, blocks))
	return result, nil
}

// cellOf is the cell of a side; empty before its first sample.
func cellOf(s *analysis.Summary, class *record.Class) *analysis.Cell {
	at := slices.IndexFunc(s.Cells, func(c analysis.Cell) bool {
		return c.RuntimeClass == class.Name && c.Variant == class.Variant
	})
	if at < 0 {
		return &analysis.Cell{Key: record.Key{RuntimeClass: class.Name, Variant: class.Variant, Services: 1}}
	}
	return &s.Cells[at]
}

// block is the two samples of one pass, nil where there is none.
type block struct{ a, b *record.Sample }

// blocksOf are the blocks in their order, without the discarded one.
func blocksOf(r *record.Run) []block {
	var list []block
	place := map[int]int{}
	for i := range r.Samples {
		s := &r.Samples[i]
		if s.Discarded {
			continue
		}
		at, known := place[s.Block]
		if !known {
			at = len(list)
			place[s.Block], list = at, append(list, block{})
		}
		if s.Variant == record.VariantA {
			list[at].a = s
		} else {
			list[at].b = s
		}
	}
	return list
}

// pairsOf are the blocks in which both sides have a latency.
func pairsOf(blocks []block) []stat.Pair {
	var pairs []stat.Pair
	for _, k := range blocks {
		if k.a == nil || k.b == nil || !analysis.Measured(k.a) || !analysis.Measured(k.b) {
			continue
		}
		p := stat.Pair{Base: k.a.ResponseLatency, New: k.b.ResponseLatency, Limit: k.a.ClientTimeout}
		for _, s := range []*record.Sample{k.a, k.b} {
			if s.Censored() {
				p.Limit = min(p.Limit, analysis.Limit(s))
			}
		}
		pairs = append(pairs, p)
	}
	return pairs
}

func judgeLatency(a, b *analysis.Cell, blocks []block, o ABOptions) Judgement {
	j := Judgement{Kind: AB, Key: b.Key, Subject: "p50"}
	pairs := pairsOf(blocks)
	if reason := invalidSides(a, b); reason != "" {
		j.Verdict, j.Reason = Invalid, reason
		return j
	}
	if len(pairs) == 0 {
		j.Verdict, j.Reason = Inconclusive, "no block has a proven cold start of both sides"
		return j
	}
	rule := &abRule{tolerance: o.Tolerance.Of(float64(a.P50.Latency))}
	for _, p := range pairs {
		j.Verdict = rule.add(p)
	}
	j.Change = rule.measure(a, b, pairs)
	j.Reason = changeReason(j.Change)
	if j.Verdict == Inconclusive {
		j.Reason += "; " + j.Change.Undecided()
	}
	if !o.Interim {
		j.Power = rule.power(pairs, o.Seed)
		j.Notice = rule.notice(j.Verdict, j.Change)
	}
	return j
}

// invalidSides says why the latencies must not be judged. A side of which
// nothing is measured yet is no reason.
func invalidSides(a, b *analysis.Cell) string {
	var reasons []string
	for _, c := range []*analysis.Cell{a, b} {
		if c.Samples == 0 {
			continue
		}
		if reason := invalid(c); reason != "" {
			reasons = append(reasons, c.Variant+": "+reason)
		}
	}
	return strings.Join(reasons, "; ")
}

func (r *abRule) measure(a, b *analysis.Cell, pairs []stat.Pair) *Change {
	low, high := stat.PairBounds(pairs, alphaLatency)
	return &Change{
		Quantile: 0.5, BaseUnits: len(pairs), NewUnits: len(pairs), SamplesPerUnit: 1,
		Base: a.P50.Point, New: b.P50.Point,
		Ratio: stat.Ratio{Value: stat.Real(math.Exp(stat.Centre(logRatios(pairs)))), Over: b.P50.Over,
			Low: stat.Real(math.Exp(low)), High: stat.Real(math.Exp(high)), Interval: true},
		P:         stat.Real(stat.Slower(pairs, 0)),
		AdjustedP: stat.Real(adjustedFor(stat.Slower(pairs, 0), alphaLatency)),
		Tolerance: r.tolerance,
	}
}

// adjustedFor makes a p-value that has to reach its own level comparable with
// that of all.
func adjustedFor(p, level float64) float64 { return min(1, p*analysis.Alpha/level) }

func logRatios(pairs []stat.Pair) []float64 {
	list := make([]float64, len(pairs))
	for i, p := range pairs {
		list[i] = p.LogRatio(0)
	}
	return list
}

func changeReason(c *Change) string {
	change := signedPercent(float64(c.Ratio.Value) - 1)
	if c.Ratio.Over {
		change = "at least " + change
	}
	return fmt.Sprintf("p50 is %s, of a %s; within a block b takes %s (%s), p = %s over %d blocks; tolerance %s",
		c.New, c.Base, change, boundsText(c.Ratio), stat.PText(c.AdjustedP), c.NewUnits, percent(c.Tolerance))
}

// RecordedTolerance is the tolerance that an A/B run was made with; zero, which
// stands for the default, where its header has none.
func RecordedTolerance(h record.Header) (Tolerance, error) {
	if text, unread := h.Settings.Other["tolerance"]; unread {
		return Tolerance{}, fmt.Errorf("read the tolerance in the header of run %s: %v is none", h.RunID, text)
	}
	if h.Settings.Tolerance == nil {
		return Tolerance{}, nil
	}
	return *h.Settings.Tolerance, nil
}

// boundsText says between what the ratio is; each bound holds with 96 %
// confidence, however often one looks.
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

// Undecided says what is missing to decide on side b of an A/B run.
func (c *Change) Undecided() string {
	switch {
	case float64(c.P) <= alphaLatency:
		return "b is slower, but not shown to be by more or less than the tolerance"
	case c.Ratio.Low == 0 || math.IsInf(float64(c.Ratio.High), 1):
		return "too few blocks to say"
	}
	return "neither is b shown to be slower, nor to be within the tolerance"
}

func (r *abRule) notice(v Verdict, c *Change) string {
	switch {
	case v == Pass && float64(c.P) <= alphaLatency:
		return "slower by " + percent(float64(c.Ratio.Value)-1) + ", within the tolerance"
	case v == Pass && c.Ratio.High < 1 && float64(c.Ratio.Value) < 1/(1+r.tolerance):
		return "improvement: faster by " + percent(1-float64(c.Ratio.Value))
	}
	return ""
}

// judgeFailures holds how often the sides fail against each other, timeouts
// included.
func judgeFailures(key record.Key, blocks []block) Judgement {
	j := Judgement{Kind: AB, Key: key, Subject: "failed", Verdict: Pass}
	var n, a, b int
	var more stat.Evidence
	for _, k := range blocks {
		if k.a == nil || k.b == nil {
			continue
		}
		n++
		a, b = a+failures(k.a), b+failures(k.b)
		more.Add(float64(failures(k.b) - failures(k.a)))
	}
	p := more.P()
	if float64(b-a) > mostMoreFailed*float64(n) {
		j.Verdict = Inconclusive
		if p <= alphaFailed {
			j.Verdict = Fail
		}
	}
	j.Reason = fmt.Sprintf("%d of %d failed, of a %d", b, n, a)
	if j.Verdict != Pass {
		j.Reason += fmt.Sprintf(": more by over %s of the blocks, p = %s", percent(mostMoreFailed), stat.PText(stat.Real(adjustedFor(p, alphaFailed))))
	}
	return j
}

func failures(s *record.Sample) int {
	if s.Failed() {
		return 1
	}
	return 0
}
