package gate

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Options of the regression gate. The zero value judges the median and p95 by
// runs, with the default tolerance.
type Options struct {
	// Quantiles in [0, 1] to compare; nil is 0.5 and 0.95.
	Quantiles []float64 `json:"quantiles"`
	// Tolerance is how much worse is accepted even if it is shown.
	Tolerance Tolerance `json:"tolerance"`
	// Unit of evidence: a run, or a batch of blocks.
	Unit Unit `json:"unit"`
	// Expected names the fields of the header that may differ from the
	// baseline's, because they are what is under test; see Mismatch.
	Expected []string `json:"expected,omitempty"`
	// Force judges although the baseline was made under other conditions.
	Force bool `json:"force,omitempty"`
	// Seed of the power's simulation.
	Seed uint64 `json:"seed,omitempty"`
}

func (o Options) withDefaults() Options {
	if len(o.Quantiles) == 0 {
		o.Quantiles = []float64{0.5, 0.95}
	}
	if o.Tolerance == (Tolerance{}) {
		o.Tolerance = DefaultTolerance
	}
	if o.Unit == "" {
		o.Unit = UnitRun
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
	if o.Tolerance.Share < 0 || o.Tolerance.Absolute < 0 || math.IsNaN(o.Tolerance.Share) {
		return fmt.Errorf("tolerance of %s or %s: want none below zero", percent(o.Tolerance.Share), o.Tolerance.Absolute)
	}
	if o.Unit != "" && o.Unit != UnitRun && o.Unit != UnitBlock {
		return fmt.Errorf("unit %q: want %s or %s", o.Unit, UnitRun, UnitBlock)
	}
	return nil
}

// JudgeRegression judges new runs against those of a baseline, in each cell and
// at each quantile. Without a baseline all is inconclusive. New runs without
// samples, and a baseline that has none of their cells, are errors.
func JudgeRegression(base, new []*record.Run, o Options) (*Result, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	b, n := analysis.Summarise(base...), analysis.Summarise(new...)
	if err := everyClass(n); err != nil {
		return nil, fmt.Errorf("judge against a baseline: %w", err)
	}
	result := newResult(n.Warnings)
	if len(base) > 0 {
		result.Warnings = append(result.Warnings, NotCompared(slices.Concat(base, new)...)...)
	}
	conditions := mismatched(base, new, o)
	if o.Force {
		for _, m := range conditions {
			result.Warnings = append(result.Warnings, analysis.Warning{Code: analysis.DifferentRuns, Message: "baseline from other conditions: " + m.String()})
		}
		conditions = nil
	}
	comparisons := pairUp(b, n, base, new, conditions, o)
	decide(comparisons, o)
	for i := range comparisons {
		result.add(comparisons[i].Judgement)
	}
	if len(base) > 0 && !slices.ContainsFunc(comparisons, func(c comparison) bool { return c.hasBase }) {
		return nil, fmt.Errorf("judge against a baseline: %w: new runs have %s, the baseline %s", ErrNothingToJudge, cellNames(n), cellNames(b))
	}
	return result, nil
}

// mismatched are the conditions in which any run differs from the first of the
// baseline, each once.
func mismatched(base, new []*record.Run, o Options) []Mismatch {
	var list []Mismatch
	if len(base) == 0 {
		return nil
	}
	for _, r := range slices.Concat(base[1:], new) {
		for _, m := range without(Mismatches(base[0].Header, r.Header), o.Expected) {
			if !slices.Contains(list, m) {
				list = append(list, m)
			}
		}
	}
	return list
}

// comparison is a judgement in the making.
type comparison struct {
	Judgement
	quantile  float64
	hasBase   bool
	base, new []*stat.Set // one a unit
	// Once measured:
	values    []float64 // log quantiles of the base units, then of the new
	samples   int       // that each unit's quantile is of
	limit     time.Duration
	perms     *stat.Permutations
	tolerance float64
}

// pairUp makes a comparison for each cell and each quantile.
func pairUp(b, n *analysis.Summary, base, new []*record.Run, conditions []Mismatch, o Options) []comparison {
	var list []comparison
	baseUnits, newUnits := evidence(base, o), evidence(new, o)
	for i := range n.Cells {
		cell := &n.Cells[i]
		at := slices.IndexFunc(b.Cells, func(c analysis.Cell) bool { return c.Key == cell.Key })
		for _, q := range o.Quantiles {
			c := comparison{quantile: q, base: baseUnits[cell.Key], new: newUnits[cell.Key], hasBase: at >= 0}
			c.Judgement = Judgement{Kind: Regression, Key: cell.Key, Subject: "p" + number(100*q)}
			switch {
			case at < 0:
				c.Verdict, c.Reason = Inconclusive, "there is no baseline"
			case len(conditions) > 0:
				c.Verdict, c.Reason, c.Mismatches = Invalid, "the baseline is from other conditions: "+listed(conditions), conditions
			default:
				c.validate(&b.Cells[at], cell)
			}
			list = append(list, c)
		}
	}
	return append(list, gone(b, n, o)...)
}

// gone are the cells that only the baseline has: a class that is no longer
// measured must not pass.
func gone(b, n *analysis.Summary, o Options) []comparison {
	var list []comparison
	for _, cell := range b.Cells {
		if slices.ContainsFunc(n.Cells, func(c analysis.Cell) bool { return c.Key == cell.Key }) {
			continue
		}
		for _, q := range o.Quantiles {
			c := comparison{quantile: q}
			c.Judgement = Judgement{Kind: Regression, Key: cell.Key, Subject: "p" + number(100*q),
				Verdict: Inconclusive, Reason: "it is in the baseline and was not measured"}
			list = append(list, c)
		}
	}
	return list
}

func listed(conditions []Mismatch) string {
	text := conditions[0].String()
	if more := len(conditions) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

func (c *comparison) validate(base, new *analysis.Cell) {
	if reason := invalid(new); reason != "" {
		c.Verdict, c.Reason = Invalid, reason
	} else if reason := invalid(base); reason != "" {
		c.Verdict, c.Reason = Invalid, "baseline: "+reason
	}
}
