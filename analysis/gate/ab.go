package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// ABOptions of the gate over the two sides of one run.
type ABOptions struct {
	// Quantiles in (0, 1) to compare; nil is 0.5 and 0.95.
	Quantiles []float64 `json:"quantiles,omitempty"`
	// Tolerance is how much slower is accepted even if it is shown.
	Tolerance Tolerance `json:"tolerance"`
	// AllowIncomplete judges a run that failed, was interrupted or was cut off.
	AllowIncomplete bool `json:"allowIncomplete,omitempty"`
	// Interim is for a look while the run goes on: it does not ask how the run ended,
	// and leaves out the power, which is simulated.
	Interim bool `json:"-"`
	// Seed of the power's simulation.
	Seed uint64 `json:"seed,omitempty"`
}

// The chance of a false alarm, analysis.Alpha, is shared out between what is
// asked of the sides: all latencies together, and failures.
const (
	alphaLatency = 0.04
	alphaFailed  = 0.01
)

// alphaWithin is the chance that something passes that is worse by the tolerance.
// As all that is asked has to pass, it needs no sharing out.
const alphaWithin = analysis.Alpha

// mostMoreFailed is the share of the blocks by which b may fail more often than a.
const mostMoreFailed = 0.05

func (o ABOptions) withDefaults() ABOptions {
	if len(o.Quantiles) == 0 {
		o.Quantiles = DefaultQuantiles()
	}
	if o.Tolerance == (Tolerance{}) {
		o.Tolerance = DefaultTolerance
	}
	return o
}

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

// JudgeAB judges side b of an A/B run against side a, at each percentile and in how
// often they fail. The block is the unit of evidence: one cold start of each side,
// next to each other, in random order, so that what drifts is the same for both. A
// start that failed or was not made is slower than any that was answered.
//
// It may be asked after every block and the run ended as soon as it says pass or
// fail: all evidence holds at every look. Asked again of the whole file it says the
// same again.
//
// A percentile of b fails where b is shown to be slower there and the ratio exceeds
// the tolerance. It passes where b is shown to be slower by less than the tolerance.
// b also fails where it is shown to fail more often, in more than 5 % more of the
// blocks, and passes where it is shown not to. All else is inconclusive. If both
// sides are the same, the chance that any of this ever fails is 5 % at most; the
// chance that a percentile passes that is slower by the tolerance or more is 5 %.
func JudgeAB(r *record.Run, o ABOptions) (*Result, error) {
	if err := (Options{Quantiles: o.Quantiles, Tolerance: o.Tolerance}).Validate(); err != nil {
		return nil, err
	}
	if !IsAB(r) {
		return nil, fmt.Errorf("judge side b against side a: %w: run %s has no two sides; 'ab' makes runs that do", ErrNothingToJudge, r.Header.RunID)
	}
	o = o.withDefaults()
	s := analysis.Summarise(r)
	sides := newABSides(r, s, o)
	allowed, runs := Conditions{AllowIncomplete: o.AllowIncomplete || o.Interim}, []*record.Run{r}
	// The rules allow for a run that ends when it shows something.
	result := newResult(slices.DeleteFunc(s.Warnings, func(w analysis.Warning) bool { return w.Code == analysis.EndedByResult }))
	if !o.Interim {
		result.Warnings = append(result.Warnings, allowed.warnings(runs)...)
	}
	if reason := allowed.incomplete(runs); reason != "" {
		result.add(Judgement{Kind: AB, Key: sides.b.cell.Key, Subject: "all", Verdict: Invalid, Reason: reason})
		return result, nil
	}
	return sides.judge(o, result), nil
}

// abSides are the two sides of one run.
type abSides struct {
	a, b     *evidence
	blocks   []block
	pairs    []abPair
	services lasting
}

func newABSides(r *record.Run, s *analysis.Summary, o ABOptions) *abSides {
	all := gather(s, []*record.Run{r})
	of := func(variant string) *evidence {
		class := sideOf(r, variant)
		for k, e := range all {
			if k.Class() == class.Key() {
				return e
			}
		}
		key := class.Key()
		key.Services = 1
		return newEvidence(&analysis.Cell{Key: key}, nil) // before its first sample
	}
	sides := &abSides{a: of(record.VariantA), b: of(record.VariantB), services: lastingOf(r)}
	sides.blocks = blocksOf(r, !o.Interim && r.End != nil && r.End.Reason == record.EndCompleted)
	sides.pairs = pairsOf(sides.blocks)
	return sides
}

// judge adds what is asked of the sides to the result.
func (s *abSides) judge(o ABOptions, result *Result) *Result {
	for _, q := range o.Quantiles {
		result.add(s.judgeLatency(q, o))
	}
	result.add(s.judgeFailures())
	return result
}

// invalid says why the latencies must not be judged. A side of which nothing is
// measured yet is no reason.
func (s *abSides) invalid() string { return s.reasons((*evidence).invalid) }

func (s *abSides) tooManyFailed() string { return s.reasons((*evidence).tooManyFailed) }

func (s *abSides) reasons(of func(*evidence) string) string {
	var reasons []string
	for _, e := range []*evidence{s.a, s.b} {
		if len(e.List) == 0 {
			continue
		}
		if reason := of(e); reason != "" {
			reasons = append(reasons, e.cell.Variant+": "+reason)
		}
	}
	return strings.Join(reasons, "; ")
}

// RecordedAB is what an A/B run was made to be judged by. What its header lacks is
// left out, and stands for the default.
func RecordedAB(h record.Header) (ABOptions, error) {
	var o ABOptions
	for _, name := range []string{"tolerance", "percentiles"} {
		if value, unread := h.Settings.Other[name]; unread {
			return o, fmt.Errorf("read the setting %s in the header of run %s: %v has another form", name, h.RunID, value)
		}
	}
	if h.Settings.Tolerance != nil {
		o.Tolerance = *h.Settings.Tolerance
	}
	for _, p := range h.Settings.Percentiles {
		q, err := parsePercentile(number(p))
		if err != nil {
			return o, fmt.Errorf("read the setting percentiles in the header of run %s: %s: %w", h.RunID, number(p), err)
		}
		o.Quantiles = append(o.Quantiles, q)
	}
	return o, nil
}
