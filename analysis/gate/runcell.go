package gate

import (
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
)

// RunCell is what one run has in one cell.
type RunCell struct {
	record.Key
	Starts start.List
	// Load is that on the class, of a run of loads. Such a cell has no starts.
	Load *load.Load
	// Unusable says why its latencies must not be judged; empty if they may.
	Unusable string
}

// RunCells are the cells of one run, in the order of a summary, and those of its loads.
func RunCells(r *record.Run) []RunCell {
	s := analysis.Summarise(r)
	all := gather(s, []*record.Run{r})
	var list []RunCell
	for i := range s.Cells {
		e := all[s.Cells[i].Key]
		list = append(list, RunCell{Key: s.Cells[i].Key, Starts: e.List, Unusable: e.invalid()})
	}
	side := measuredSide{s, []*record.Run{r}, all}
	for _, k := range loadKeys(s) {
		cell := RunCell{Key: k}
		loads, reason := side.loadsOn(k)
		if cell.Unusable = reason; reason == "" {
			m, _ := metricOf(LoadPercentile)
			cell.Load, cell.Unusable = loads[0], unfit(loads, m)
		}
		list = append(list, cell)
	}
	return list
}

// Limit is the latency up to which those of all runs are known; zero is no limit.
func Limit(runs []start.List) time.Duration {
	return limitOf(runs, firstOf(runs, math.MaxInt))
}
