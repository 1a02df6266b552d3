package analysis

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Alpha is the chance of any false finding in a table of comparisons.
const Alpha = 1 - stat.Confidence

// Comparison holds two sides against each other, row by row.
type Comparison struct {
	Rows     []Row     `json:"rows"`
	Warnings []Warning `json:"warnings"`
}

// Row compares one measure of two cells.
type Row struct {
	// Base and New are the cells; they differ in the class when classes are
	// compared, and in nothing when runs are.
	Base record.Key `json:"base"`
	New  record.Key `json:"new"`
	// Phase is the step that is compared; empty for the response latency.
	Phase record.PhaseName `json:"phase,omitempty"`
	// BaseSamples and NewSamples are how many stand on each side.
	BaseSamples int `json:"baseSamples"`
	NewSamples  int `json:"newSamples"`
	// Changes are those of the median and, of the response latency, of p95 and
	// p99.
	Changes []Finding[stat.Change] `json:"changes"`
	// Shape is nil where nothing can be tested.
	Shape *Finding[stat.Shape] `json:"shape,omitempty"`
	// Published are the figures of others for the two classes.
	Published []Figure `json:"published,omitempty"`
}

// Finding is a test's result with its p-value adjusted for the whole table.
type Finding[T any] struct {
	Result    T         `json:"result"`
	AdjustedP stat.Real `json:"adjustedP"`
	// Shown says that AdjustedP is at most Alpha.
	Shown bool `json:"shown"`
}

// CompareOptions choose what is compared.
type CompareOptions struct {
	// Phases adds a row for each step of the cold start that both sides know.
	Phases bool
	// Published adds the figures of the studies.
	Published bool
}

// ErrNothingToCompare is returned for sides that have no cell in common.
var ErrNothingToCompare = errors.New("nothing to compare")

// Compare holds the pooled runs of one side against those of the other, for
// each class and number of services that both measured.
func Compare(base, new []*record.Run, o CompareOptions) (*Comparison, error) {
	b, n := Summarise(base...), Summarise(new...)
	c := newComparer(o)
	c.warn("base", b)
	c.warn("new", n)
	if !sameRuns(b, n) {
		c.add(Warning{Code: DifferentRuns, Message: "the sides are different runs: what drifted between them is part of every difference; the gate judges by runs"})
	}
	for _, one := range b.Cells {
		at := slices.IndexFunc(n.Cells, func(x Cell) bool { return x.Key == one.Key })
		if at < 0 {
			c.add(warnCell(NoSamples, one.Key, "only in base"))
			continue
		}
		c.compare(one, n.Cells[at])
	}
	for _, one := range n.Cells {
		if !slices.ContainsFunc(b.Cells, func(x Cell) bool { return x.Key == one.Key }) {
			c.add(warnCell(NoSamples, one.Key, "only in new"))
		}
	}
	return c.finish()
}

func sameRuns(a, b *Summary) bool {
	return slices.EqualFunc(a.Runs, b.Runs, func(x, y RunInfo) bool { return x.RunID == y.RunID })
}

// CompareClasses holds every other class against the first, at each number of
// services. The runs are pooled.
func CompareClasses(runs []*record.Run, o CompareOptions) (*Comparison, error) {
	s := Summarise(runs...)
	c := newComparer(o)
	c.warn("", s)
	for _, r := range s.Runs {
		if r.Shape.Sequential {
			c.add(Warning{Code: EndedByResult, Message: fmt.Sprintf("run %s ended when it showed something: p-values and intervals do not allow for that here; the gate's do", r.RunID)})
		}
	}
	for i, one := range s.Cells {
		first := slices.IndexFunc(s.Cells, func(x Cell) bool { return x.Services == one.Services })
		if first != i {
			c.compare(s.Cells[first], one)
		}
	}
	return c.finish()
}

type comparer struct {
	options CompareOptions
	result  Comparison
}

func newComparer(o CompareOptions) *comparer {
	return &comparer{options: o, result: Comparison{Warnings: []Warning{}}}
}

func (c *comparer) add(w Warning) { c.result.Warnings = append(c.result.Warnings, w) }

func (c *comparer) warn(side string, s *Summary) {
	for _, w := range s.Warnings {
		if side != "" {
			w.Message = side + ": " + w.Message
		}
		c.add(w)
	}
}

func (c *comparer) compare(base, new Cell) {
	if base.Measured == 0 || new.Measured == 0 {
		return
	}
	row := newRow(base.Key, new.Key, base.Latencies, new.Latencies, 0.5, 0.95, 0.99)
	if c.options.Published {
		row.Published = publishedOf(base.RuntimeClass, new.RuntimeClass)
	}
	c.result.Rows = append(c.result.Rows, row)
	if !c.options.Phases {
		return
	}
	for _, p := range base.Phases {
		at := slices.IndexFunc(new.Phases, func(x Phase) bool { return x.Name == p.Name })
		if p.Name == record.PhaseRequested || at < 0 {
			continue
		}
		row := newRow(base.Key, new.Key, p.Steps, new.Phases[at].Steps, 0.5)
		row.Phase = p.Name
		c.result.Rows = append(c.result.Rows, row)
	}
}

func newRow(base, new record.Key, b, n *stat.Set, quantiles ...float64) Row {
	row := Row{Base: base, New: new, BaseSamples: b.N(), NewSamples: n.N()}
	for _, q := range quantiles {
		row.Changes = append(row.Changes, Finding[stat.Change]{Result: stat.ChangeOf(b, n, q, bootstrapSeed), AdjustedP: 1})
	}
	if shape, ok := stat.MannWhitney(b, n); ok {
		row.Shape = &Finding[stat.Shape]{Result: shape}
	}
	return row
}

func (c *comparer) finish() (*Comparison, error) {
	if len(c.result.Rows) == 0 {
		return nil, fmt.Errorf("compare runs: %w: no class at the same number of services has proven cold starts on both sides", ErrNothingToCompare)
	}
	c.adjust()
	return &c.result, nil
}

// adjust corrects all p-values of the table together.
func (c *comparer) adjust() {
	var p []float64
	var set []func(adjusted float64)
	for i := range c.result.Rows {
		row := &c.result.Rows[i]
		for j := range row.Changes {
			if f := &row.Changes[j]; f.Result.Tested {
				p, set = append(p, float64(f.Result.P)), append(set, f.adjust)
			}
		}
		if f := row.Shape; f != nil {
			p, set = append(p, float64(f.Result.P)), append(set, f.adjust)
		}
	}
	for i, adjusted := range stat.Holm(p) {
		set[i](adjusted)
	}
}

func (f *Finding[T]) adjust(p float64) { f.AdjustedP, f.Shown = stat.Real(p), p <= Alpha }
