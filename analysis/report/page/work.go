package page

import (
	"fmt"
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/work"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// onlyWork says that the runs have works and no starts.
func onlyWork(s *analysis.Summary) bool { return len(s.Cells) == 0 && s.Work != nil }

// workChart is the memory during one turn of a side. That of the node is what it used above
// the least reading of all curves: the rest is Kubernetes and Knative, which are always
// there, and would leave no height for the differences.
type workChart struct {
	Class    int                 `json:"class"`
	Programs []work.CurveProgram `json:"programs"`
	Points   []work.CurvePoint   `json:"points"`
}

// curvePointLimit bounds the readings of one curve that are drawn.
const curvePointLimit = 1000

// works are the curves of all sides, of which every reading is drawn, or evenly some.
func (c *charts) works(s *analysis.Summary) []*workChart {
	if s.Work == nil {
		return nil
	}
	var list []*workChart
	least := leastNode(s.Work.Curves)
	for _, curve := range s.Work.Curves {
		chart := &workChart{Class: c.class(record.Key{RuntimeClass: curve.RuntimeClass}), Programs: curve.Programs}
		step := 1 + (len(curve.Points)-1)/curvePointLimit
		for some := range slices.Chunk(curve.Points, step) {
			p := some[0]
			p.Node -= least
			chart.Points = append(chart.Points, p)
		}
		list = append(list, chart)
	}
	return list
}

func leastNode(curves []work.Curve) int64 {
	least := int64(math.MaxInt64)
	for _, c := range curves {
		for _, p := range c.Points {
			least = min(least, p.Node)
		}
	}
	return least
}

// workFigures are what was used of memory while the programs ran.
func workFigures(s *analysis.Summary, data *charts) []templates.Figure {
	if s.Work == nil {
		return nil
	}
	memory := htmlTable("Memory by program", table.WorkMemory(s))
	return []templates.Figure{when(len(data.Works) > 0, templates.Figure{ID: "workMemory", Title: "Memory while working",
		Lead:  "What the node used, solid, above the least that it did in these curves, and the working set of the instance's cgroup, dotted, in the last turn of each side in which the most of its programs came to their end: since the first program of the turn was asked for. A diamond is where a program ended. " + table.WorkMemoryNote,
		Table: memory})}
}

// workChecks say whether the numbers of the works can be trusted.
func workChecks(s *analysis.Summary) []templates.Check {
	failed := 0
	for _, f := range s.Work.Failures {
		failed += f.Times
	}
	native := templates.Check{Name: "Native base", State: "good", Value: "measured"}
	if !s.Work.HasNative() {
		native.State, native.Value, native.Note = "unknown", "none", "The classes are only compared with one another."
	}
	return []templates.Check{
		{Name: "Failed programs", State: state(s.Work.Planned, failed == 0), Value: partOf(failed, s.Work.Planned)},
		{Name: "Programs not run", State: state(s.Work.Planned, s.Work.NotRun() == 0), Value: partOf(s.Work.NotRun(), s.Work.Planned)},
		native, endCheck(s),
	}
}

// workLead says how much was measured.
func workLead(s *analysis.Summary) string {
	return fmt.Sprintf("%s of %s", count(s.Work.Planned-s.Work.NotRun(), "program"), countOf(len(s.Work.Sides), "side", "sides"))
}
