package page

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// instanceChart is the instances of one run over its time, with a line for each class.
type instanceChart struct {
	RunID string          `json:"runId"`
	Lines []*instanceLine `json:"lines"`
}

// instanceLine is how many instances of a class there were, were Ready, and had
// answered, after each change.
type instanceLine struct {
	Class   int            `json:"class"`
	Changes []round.Change `json:"changes"`
	Spawned int            `json:"spawned"`
	// The peaks are the most that existed, were Ready, and had answered and still
	// existed, each at one moment.
	Peak          int `json:"peak"`
	PeakReady     int `json:"peakReady"`
	PeakAnswering int `json:"peakAnswering"`

	name string
}

// changeLimit bounds the steps of one line.
const changeLimit = 2000

// instances are those of the first run whose events tell of any.
func (c *charts) instances(runs []*record.Run) *instanceChart {
	for _, r := range runs {
		timeline := round.TimelineOf(r)
		if timeline == nil {
			continue
		}
		chart := &instanceChart{RunID: table.Plain(timeline.RunID)}
		for _, l := range timeline.Lines {
			chart.Lines = append(chart.Lines, &instanceLine{
				Class: c.class(l.Class), name: table.Plain(l.Class.String()), Changes: thinnedChanges(l.Changes),
				Spawned: l.Spawned, Peak: l.Peak, PeakReady: l.PeakReady, PeakAnswering: l.PeakAnswering,
			})
		}
		slices.SortFunc(chart.Lines, func(a, b *instanceLine) int { return cmp.Compare(a.Class, b.Class) })
		return chart
	}
	return nil
}

// thinnedChanges keeps the last change, and others evenly.
func thinnedChanges(all []round.Change) []round.Change {
	step, kept := 1+(len(all)-1)/changeLimit, all[:0]
	for i := range all {
		if i%step == 0 || i == len(all)-1 {
			kept = append(kept, all[i])
		}
	}
	return kept
}

func instanceFigure(c *instanceChart) templates.Figure {
	if c == nil {
		return templates.Figure{}
	}
	t := table.New("runtimeClass", " spawned", " peak", " peak ready", " peak answering")
	for _, l := range c.Lines {
		t.Row(l.name, fmt.Sprint(l.Spawned), fmt.Sprint(l.Peak), fmt.Sprint(l.PeakReady), fmt.Sprint(l.PeakAnswering))
	}
	return templates.Figure{ID: "instances", Title: "Instances over time",
		Lead:  fmt.Sprintf("How many instances of each class there were, dashed, how many of them were Ready, solid, and how many had answered, dotted, during run %s, its discarded round included.", c.RunID),
		Table: htmlTable("Instances by pod UID", t)}
}
