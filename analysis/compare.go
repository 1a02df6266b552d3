package analysis

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Alpha is the chance of any false finding in a family of comparisons.
const Alpha = 1 - stat.Confidence

// Comparison compares two sides, row by row.
type Comparison struct {
	Rows []Row `json:"rows"`
	// Loads compares loads.
	Loads    []LoadRow `json:"loads,omitempty"`
	Warnings []Warning `json:"warnings"`
}

// Row compares one measure of two cells.
type Row struct {
	// Base and New are the cells. They differ in the class when classes are compared, in
	// the variant when variants are, and in nothing when runs are.
	Base record.Key `json:"base"`
	New  record.Key `json:"new"`
	// Phase is the step that is compared. It is empty for the response latency.
	Phase record.PhaseName `json:"phase,omitempty"`
	// Step is that of deployments, or of removals, whose time is compared. It is empty for
	// cold starts.
	Step record.DeployStepName `json:"step,omitempty"`
	// BaseSamples and NewSamples are how many samples each side has.
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

// Finding is the result of a test with its p-value adjusted for the family that it is
// part of. The rows of the response latency are one family, those of the phases
// another, and those of deployments a third, so that what is shown beside the latency does not change what is said
// of it.
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

// Compare compares the pooled runs of one side with those of the other, for each cell
// that both have.
func Compare(base, new []*record.Run, o CompareOptions) (*Comparison, error) {
	for _, side := range [][]*record.Run{base, new} {
		if err := pool.Check(pool.Headers(side)...); err != nil {
			return nil, fmt.Errorf("compare runs: %w", err)
		}
	}
	if err := noWork(base, new); err != nil {
		return nil, err
	}
	b, n := Summarise(base...), Summarise(new...)
	c := newComparer(o)
	c.warn("base", b)
	c.warn("new", n)
	if c.sameRuns = sameRuns(b, n); !c.sameRuns {
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
	c.loads(groupLoads(b), groupLoads(n))
	c.deployments(groupDeployments(b), groupDeployments(n))
	return c.finish("no class at the same number of services has proven cold starts on both sides, and none a load at the same rate")
}

// noWork refuses to compare what programs measured: a report does so for the classes of a
// run, which ran in turns, and of runs apart nothing tells drift from difference.
func noWork(sides ...[]*record.Run) error {
	for _, side := range sides {
		for _, r := range side {
			if r.Header.Shape.Work {
				return fmt.Errorf("compare runs: %w: run %s is of work, whose report already relates its classes to one another and to native", ErrNothingToCompare, r.Header.RunID)
			}
		}
	}
	return nil
}

func sameRuns(a, b *Summary) bool {
	return slices.EqualFunc(a.Runs, b.Runs, func(x, y RunInfo) bool { return x.RunID == y.RunID })
}

// CompareClasses compares every other class with the first, at each number of
// services and within each side. Existing services are compared like classes. The runs
// are pooled.
func CompareClasses(runs []*record.Run, o CompareOptions) (*Comparison, error) {
	existing := map[string]bool{}
	for _, r := range runs {
		for _, s := range r.Header.Settings.ExistingServices {
			existing[s.Name] = true
		}
	}
	same := func(a, b record.Key) bool {
		return a.Services == b.Services && (a.Variant == b.Variant || existing[a.Variant] && existing[b.Variant])
	}
	return compareWithin(runs, o, same, "no two classes have proven cold starts at the same number of services")
}

// CompareVariants compares side b with side a, at each number of services: of the
// same class where both sides have it, else of the classes that the sides are made
// of. The runs are pooled.
func CompareVariants(runs []*record.Run, o CompareOptions) (*Comparison, error) {
	sides := map[record.Key]bool{}
	for _, r := range runs {
		for _, c := range r.Header.Classes {
			sides[c.Key()] = true
		}
	}
	same := func(a, b record.Key) bool {
		if a.Services != b.Services || a.Variant != record.VariantA || b.Variant != record.VariantB {
			return false
		}
		counterpartOfA := record.Key{RuntimeClass: a.RuntimeClass, Variant: record.VariantB}
		counterpartOfB := record.Key{RuntimeClass: b.RuntimeClass, Variant: record.VariantA}
		return a.RuntimeClass == b.RuntimeClass || !sides[counterpartOfA] && !sides[counterpartOfB]
	}
	return compareWithin(runs, o, same, "no run has proven cold starts of both sides")
}

// compareWithin compares each cell with the first one that it can be compared with,
// which is the base.
func compareWithin(runs []*record.Run, o CompareOptions, comparable func(base, new record.Key) bool, nothing string) (*Comparison, error) {
	if err := pool.Check(pool.Headers(runs)...); err != nil {
		return nil, fmt.Errorf("compare what several runs measured: %w", err)
	}
	if err := noWork(runs); err != nil {
		return nil, err
	}
	s := Summarise(runs...)
	c := newComparer(o)
	c.sameRuns = true
	c.warn("", s)
	for i, one := range s.Cells {
		base := slices.IndexFunc(s.Cells, func(x Cell) bool { return comparable(x.Key, one.Key) })
		if base >= 0 && base != i {
			c.compare(s.Cells[base], one)
		}
	}
	c.loadsWithin(groupLoads(s), comparable)
	c.deploymentsWithin(groupDeployments(s), comparable)
	return c.finish(nothing)
}

// comparer gathers the rows of a comparison.
type comparer struct {
	options CompareOptions
	// sameRuns says that both sides were measured by the same runs, so that what differs
	// from run to run is the same for both.
	sameRuns bool
	result   Comparison
}

func newComparer(o CompareOptions) *comparer {
	return &comparer{options: o, result: Comparison{Warnings: []Warning{}}}
}

func (c *comparer) add(w Warning) { c.result.Warnings = append(c.result.Warnings, w) }

// warn takes over the warnings of a side.
func (c *comparer) warn(side string, s *Summary) {
	for _, w := range s.Warnings {
		if side != "" {
			w.Message = side + ": " + w.Message
		}
		c.add(w)
	}
}

// compare adds the rows of two cells, unless one of them measured nothing.
func (c *comparer) compare(base, new Cell) {
	if base.Measured == 0 || new.Measured == 0 {
		return
	}
	row := newRow(base.Key, new.Key, base.Latencies, new.Latencies, func(q float64) stat.Change {
		return stat.ChangeOfParts(base.Parts, new.Parts, c.sameRuns, q, bootstrapSeed)
	}, 0.5, 0.95, 0.99)
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
		row := newRow(base.Key, new.Key, p.Steps, new.Phases[at].Steps, func(q float64) stat.Change {
			return stat.ChangeOf(p.Steps, new.Phases[at].Steps, q, bootstrapSeed)
		}, 0.5)
		row.Phase = p.Name
		c.result.Rows = append(c.result.Rows, row)
	}
}

func newRow(base, new record.Key, b, n *stat.Set, change func(q float64) stat.Change, quantiles ...float64) Row {
	row := Row{Base: base, New: new, BaseSamples: b.N(), NewSamples: n.N()}
	for _, q := range quantiles {
		row.Changes = append(row.Changes, Finding[stat.Change]{Result: change(q), AdjustedP: 1})
	}
	if shape, ok := stat.MannWhitney(b, n); ok {
		row.Shape = &Finding[stat.Shape]{Result: shape}
	}
	return row
}

// finish adjusts the p-values. nothing says why there may be no rows.
func (c *comparer) finish(nothing string) (*Comparison, error) {
	if len(c.result.Rows)+len(c.result.Loads) == 0 {
		return nil, fmt.Errorf("compare runs: %w: %s", ErrNothingToCompare, nothing)
	}
	adjust(c.result.Rows, func(r *Row) bool { return r.Phase == "" && r.Step == "" })
	adjust(c.result.Rows, func(r *Row) bool { return r.Phase != "" })
	adjust(c.result.Rows, func(r *Row) bool { return r.Step != "" })
	adjustLoads(c.result.Loads)
	return &c.result, nil
}

// adjust corrects the p-values of one family of rows together.
func adjust(rows []Row, family func(*Row) bool) {
	var p []float64
	var set []func(adjusted float64)
	for i := range rows {
		row := &rows[i]
		if !family(row) {
			continue
		}
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
