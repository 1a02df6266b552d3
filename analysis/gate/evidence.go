package gate

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// grouping is what the starts of a cell are put into groups by. Starts of one group
// depend on one another, so that a bound has to come from the groups.
type grouping string

const (
	byRun     grouping = "run"     // there are several
	byRound   grouping = "round"   // services were fired together: a burst is one observation
	byStretch grouping = "stretch" // consecutive starts of the only run
	byNothing grouping = ""        // too few starts to tell how they depend
)

const (
	// stretches is into how many parts a single run is cut for the bound by which a
	// threshold passes. They are few, so that what one start leaves to the next is
	// mostly forgotten within one.
	stretches = 3
	// fineStretches is the same for the bound by which it fails, which need not be as
	// careful: of three parts, even a run of which half failed would show nothing.
	fineStretches = 5
	// leastToCut is how many starts a run must have to be cut.
	leastToCut = 10
	// leastRounds is how many rounds can bound what rounds do.
	leastRounds = 3
)

// group is starts that depend on one another.
type group struct {
	start.List
	ranked *stat.Set
}

// evidence is all that the runs say of one cell.
type evidence struct {
	cell       *analysis.Cell
	runs       []start.List // all that were to be made, in the order of time in each run
	start.List              // those of all runs
	ranked     *stat.Set
	groups     []group
	fine       []group // the same of a single run, in smaller stretches
	by         grouping
	// timeout is the longest that a client waited, zero where that is not known.
	timeout time.Duration
}

// gather collects the evidence of every cell of the summary.
func gather(s *analysis.Summary, runs []*record.Run) map[record.Key]*evidence {
	all := map[record.Key]*evidence{}
	parts := map[record.Key][]start.List{}
	for _, r := range runs {
		for k, list := range start.Of(r) {
			parts[k] = append(parts[k], list)
		}
	}
	for i := range s.Cells {
		c := &s.Cells[i]
		all[c.Key] = newEvidence(c, parts[c.Key])
	}
	return all
}

func newEvidence(c *analysis.Cell, runs []start.List) *evidence {
	e := &evidence{cell: c, runs: runs, List: slices.Concat(runs...)}
	e.ranked = e.List.Latencies()
	for _, s := range e.List {
		e.timeout = max(e.timeout, s.Timeout)
	}
	switch {
	case len(runs) > 1:
		e.by, e.groups = byRun, groupsOf(runs)
	case c.Services > 1:
		e.by, e.groups = byRound, groupsOf(rounds(e.List))
	case len(e.List) >= leastToCut:
		e.by, e.groups = byStretch, groupsOf(cut(e.List, stretches))
		e.fine = groupsOf(cut(e.List, min(fineStretches, len(e.List)/2)))
	}
	return e
}

func groupsOf(parts []start.List) []group {
	var list []group
	for _, p := range parts {
		if ranked := p.Latencies(); ranked.N() > 0 {
			list = append(list, group{p, ranked})
		}
	}
	return list
}

// rounds are the starts of each block.
func rounds(list start.List) []start.List {
	byBlock := map[int]start.List{}
	for _, s := range list {
		byBlock[s.Block] = append(byBlock[s.Block], s)
	}
	var all []start.List
	for _, block := range slices.SortedFunc(maps.Keys(byBlock), cmp.Compare[int]) {
		all = append(all, byBlock[block])
	}
	return all
}

// cut divides the starts into parts of consecutive ones.
func cut(list start.List, parts int) []start.List {
	var all []start.List
	for i := range parts {
		all = append(all, list[i*len(list)/parts:(i+1)*len(list)/parts])
	}
	return all
}

// few says that the groups are too few to bound anything beyond themselves.
func (e *evidence) few() bool { return e.by == byRound && len(e.groups) < leastRounds }

// spread is what groups leave open of a figure that is pooled over them: where its
// one-sided bounds are, and its standard error. The bounds are infinite where there are
// too few groups, and the figure itself where the run is too short to be cut.
type spread struct{ low, high, deviation float64 }

// spread takes, for each side, the groups that a threshold asks there: the bound by
// which it fails comes from finer stretches of a single run.
func (e *evidence) spread(t Threshold, figure func(group) float64) spread {
	pooled := figure(group{e.List, e.ranked})
	switch {
	case e.by == byNothing:
		return spread{low: pooled, high: pooled}
	case e.few() || len(e.groups) < 2:
		return spread{low: math.Inf(-1), high: math.Inf(1), deviation: math.Inf(1)}
	}
	s := spreadOf(e.groups, pooled, figure)
	if e.by != byStretch || len(e.fine) < 2 {
		return s
	}
	fine := spreadOf(e.fine, pooled, figure)
	if s.deviation = fine.deviation; t.upper() {
		s.low = fine.low
	} else {
		s.high = fine.high
	}
	return s
}

// spreadOf goes by how much the figure differs between the groups. The bounds are
// around the figure and around what it is without the bias of few groups, whichever is
// wider.
func spreadOf(groups []group, pooled float64, figure func(group) float64) spread {
	var values, without []float64
	var sizes []int
	for i, g := range groups {
		values, sizes = append(values, figure(g)), append(sizes, g.ranked.N())
		without = append(without, figure(others(groups, i)))
	}
	deviation := stat.ClusterError(values, sizes, without)
	half := stat.Student(len(values)-1, stat.Confidence) * deviation
	unbiased := pooled - stat.ClusterBias(pooled, without)
	return spread{low: min(pooled, unbiased) - half, high: max(pooled, unbiased) + half, deviation: deviation}
}

// half is the distance of the upper bound, or of the lower if not upper, from the
// figure.
func (s spread) half(figure float64, upper bool) float64 {
	if upper {
		return s.high - figure
	}
	return figure - s.low
}

// others is all groups but one, as one.
func others(groups []group, but int) group {
	var list start.List
	for i, g := range groups {
		if i != but {
			list = append(list, g.List...)
		}
	}
	return group{list, list.Latencies()}
}

// most is a latency that counts for every failure: as long as a client waited at
// the most, or as long as any is known to have taken.
func (e *evidence) most() time.Duration { return max(e.timeout, e.ranked.Highest(), 1) }

// over says what a bound is over.
func (e *evidence) over() string {
	if e.by == byStretch || e.by == byNothing {
		return "in this run"
	}
	return fmt.Sprintf("over %d %ss", len(e.groups), e.by)
}

// tooFew says what it takes where few does.
func (e *evidence) tooFew() string {
	if len(e.groups) == 1 {
		return fmt.Sprintf("one round is one observation, and a bound over rounds takes %d", leastRounds)
	}
	return fmt.Sprintf("a bound over rounds takes %d, there are %d", leastRounds, len(e.groups))
}

// lost says how many starts have no latency, and what the figure is of those that
// were answered; empty where none is lost.
func (e *evidence) lost(figure func(*stat.Set) stat.Point) string {
	text := ""
	if n := e.Count(start.Failed, start.TimedOut); n > 0 {
		text += fmt.Sprintf("; %d of %d failed", n, len(e.List))
	}
	if n := e.Count(start.NotMade); n > 0 {
		text += fmt.Sprintf("; %d of %d were not made", n, len(e.List))
	}
	alone := slices.DeleteFunc(slices.Clone(e.List), func(s start.Start) bool { return s.Fate != start.Answered }).Latencies()
	if text != "" && alone.N() > 0 {
		text += fmt.Sprintf("; of the %d answered alone it is %s", alone.N(), figure(alone))
	}
	return text
}
