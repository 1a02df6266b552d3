package gate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Options of the regression gate. The zero value judges the median and p95 by
// runs, with the default tolerance.
type Options struct {
	// Quantiles in [0, 1] to compare; nil is 0.5 and 0.95.
	Quantiles []float64 `json:"quantiles"`
	// Tolerance is how much worse is accepted even if it is shown.
	Tolerance Tolerance `json:"tolerance"`
	Conditions
	// Seed of the power's simulation.
	Seed uint64 `json:"seed,omitempty"`
}

// DefaultQuantiles are those that are compared where nothing else is said.
func DefaultQuantiles() []float64 { return []float64{0.5, 0.95} }

func (o Options) withDefaults() Options {
	if len(o.Quantiles) == 0 {
		o.Quantiles = DefaultQuantiles()
	}
	if o.Tolerance == (Tolerance{}) {
		o.Tolerance = DefaultTolerance
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	return o
}

// Validate says what of the options cannot be.
func (o Options) Validate() error {
	for _, q := range o.Quantiles {
		if !(q > 0 && q < 1) {
			return fmt.Errorf("quantile %g: want one between 0 and 1, without them", q)
		}
	}
	return checkTolerance(o.Tolerance)
}

// JudgeRegression judges new runs against those of a baseline, in each cell and
// at each quantile. The unit of evidence is the run: what differs from one
// invocation to the next is part of the noise, and requests of one run share it.
//
// A quantile passes where the upper confidence bound of its change lies under the
// tolerance, and fails where a slowdown is shown and exceeds the tolerance.
// Otherwise it is inconclusive, and so is all without a baseline. What only the
// baseline has is inconclusive too; what only the new runs have is not judged, and a
// warning says so. New runs without samples, a baseline that has none of what they have,
// and a run that is given twice, are errors.
//
// Of loads, percentiles are compared, and how many requests failed, how long the service
// took to recover, and its instance-seconds; of deployments that were made in rounds, the
// percentiles of each way. A load is one observation of each, and so are the deployments of
// one run together.
func JudgeRegression(base, new []*record.Run, o Options) (*Result, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	b, n := analysis.Summarise(base...), analysis.Summarise(new...)
	if err := cmp.Or(noWork(base, new), errors.Join(pool.Copies(pool.Headers(base, new)...), everyClass(n), everyNumber(n, new))); err != nil {
		return nil, fmt.Errorf("judge against a baseline: %w", err)
	}
	baseSide, newSide := measuredSide{b, base, gather(b, base)}, measuredSide{n, new, gather(n, new)}
	result := newResult(slices.Concat(n.Warnings, added(baseSide, newSide), o.warnings(new, base)))
	var conditions []Mismatch
	if len(base) > 0 {
		conditions = o.mismatches(base, new)
		for _, message := range pool.NotCompared(pool.Headers(base, new)...) {
			result.Warnings = append(result.Warnings, analysis.Warning{Code: analysis.DifferentRuns, Message: message})
		}
	}
	if o.Force {
		for _, m := range conditions {
			result.Warnings = append(result.Warnings, analysis.Warning{Code: analysis.DifferentRuns, Message: "baseline from other conditions: " + m.String()})
		}
		conditions = nil
	}
	comparisons := pairUp(baseSide, newSide, refusalOf(base, new, conditions, o), o)
	decide(comparisons, o)
	for i := range comparisons {
		result.add(comparisons[i].Judgement)
	}
	if len(base) > 0 && !slices.ContainsFunc(comparisons, func(c comparison) bool { return c.hasBase }) {
		return nil, fmt.Errorf("judge against a baseline: %w: new runs have %s, the baseline %s", ErrNothingToJudge, whatThereIs(n), whatThereIs(b))
	}
	return result, nil
}

// refusalOf is the judgement on sides that must not be compared; it has no verdict
// where they may be.
func refusalOf(base, new []*record.Run, conditions []Mismatch, o Options) Judgement {
	j := Judgement{Kind: Regression}
	if reason := o.incomplete(new); reason != "" {
		j.Verdict, j.Reason = Invalid, reason
	} else if reason := o.incomplete(base); reason != "" {
		j.Verdict, j.Reason = Invalid, "baseline: "+reason
	} else if len(conditions) > 0 {
		j.Verdict, j.Mismatches = Invalid, conditions
		j.Reason = "the baseline is from other conditions: " + pool.Listed(conditions)
	}
	return j
}

// whatThereIs names what the runs have.
func whatThereIs(s *analysis.Summary) string {
	if len(s.Loads) > 0 {
		return loadNames(s)
	}
	return cellNames(s)
}

// measuredSide is what the runs of one side say.
type measuredSide struct {
	*analysis.Summary
	runs     []*record.Run
	evidence map[record.Key]*evidence
}
