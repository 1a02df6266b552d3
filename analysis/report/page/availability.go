package page

import (
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// availabilityChart is how many instances were Ready and how many services had
// answered, and how much later than they became Ready instances answered.
type availabilityChart struct {
	Ready    []chartCount    `json:"ready"`
	Answered []chartCount    `json:"answered"`
	Gaps     []time.Duration `json:"gapsNs"`
	Median   *time.Duration  `json:"medianNs,omitempty"`
}

// chartCount is how many there were after a time, as a mean over the rounds.
type chartCount struct {
	After time.Duration `json:"afterNs"`
	Count float64       `json:"count"`
}

// availabilityLimit bounds the points of one series.
const availabilityLimit = 1000

// availabilityOf is nil where services were not fired together.
func availabilityOf(a *round.Availability) *availabilityChart {
	if a == nil {
		return nil
	}
	c := &availabilityChart{Gaps: evenly(a.Gaps), Ready: counts(a.ReadyAfter, len(a.Rounds)), Answered: counts(a.AnsweredAfter, len(a.Rounds))}
	if a.Gap != nil {
		c.Median = &a.Gap.Median
	}
	return c
}

// evenly takes as many as are drawn, with the first and the last among them.
func evenly[T any](all []T) []T {
	list := make([]T, 0, min(len(all), availabilityLimit))
	if len(all) <= availabilityLimit {
		return append(list, all...)
	}
	for i := range availabilityLimit {
		list = append(list, all[i*(len(all)-1)/(availabilityLimit-1)])
	}
	return list
}

func counts(after []time.Duration, rounds int) []chartCount {
	var list []chartCount
	for i, at := range after {
		list = append(list, chartCount{at, float64(i+1) / float64(rounds)})
	}
	return evenly(list)
}

func answeringFigure(s *analysis.Summary) templates.Figure {
	return templates.Figure{ID: "answering", Title: "Ready and answering over time",
		Lead: "How many instances were Ready, solid, and how many services had answered, dotted, since the first request of a round was due, as a mean over the rounds. " +
			"A service that is not answered within the client timeout is never counted.",
		Table: htmlTable("Ready against answering", table.Availability(s))}
}

func gapFigure(s *analysis.Summary) templates.Figure {
	return templates.Figure{ID: "gap", Title: "Answering after being Ready",
		Lead: "How long after Kubernetes called it Ready each instance gave its first answer, to the millisecond; left of the upright line it answered before. " +
			"The diamond is the median." + table.Lacking(s),
		Table: htmlTable("From Ready to the first answer", gapTable(s))}
}

func gapTable(s *analysis.Summary) *table.Table {
	t := table.New("runtimeClass", " instances", " min", " p10", " median", " p90", " max")
	for _, c := range s.Cells {
		if c.Availability == nil || c.Availability.Gap == nil {
			continue
		}
		gaps := stat.NewSet(c.Availability.Gaps, nil)
		row := []string{table.Label(c.Key, s.Cells), fmt.Sprint(gaps.N())}
		for _, q := range []float64{0, 0.1, 0.5, 0.9, 1} {
			row = append(row, table.Milliseconds(gaps.Quantile(q).Latency))
		}
		t.Row(row...)
	}
	return t
}
