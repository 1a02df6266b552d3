package report

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// gapLimit bounds how many instances of a cell are drawn.
const gapLimit = 1000

// gaps are the differences between Ready and answering of a cell's instances,
// thinned evenly in the order of their size, which keeps the first and the last.
func gaps(a *analysis.Availability) []time.Duration {
	if a == nil {
		return []time.Duration{}
	}
	all := a.Differences()
	list := make([]time.Duration, min(len(all), gapLimit))
	if len(all) <= gapLimit {
		copy(list, all)
		return list
	}
	for i := range list {
		list[i] = all[i*(len(all)-1)/(gapLimit-1)]
	}
	return list
}

func availabilityFigure(s *analysis.Summary) templates.Figure {
	return templates.Figure{ID: "availability", Title: "Readiness against availability",
		Lead: "How long after Kubernetes called it Ready each instance gave its first answer, to the millisecond; left of the upright line it answered before. " +
			"The diamond is the median.",
		Table: htmlTable("Ready against answering", availabilityTable(s))}
}
