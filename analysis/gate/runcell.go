package gate

import (
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
)

// RunCell is what one run has in one cell.
type RunCell struct {
	record.Key
	Starts start.List
	// Unusable says why its latencies must not be judged; empty if they may.
	Unusable string
}

// RunCells are the cells of one run, in the order of a summary.
func RunCells(r *record.Run) []RunCell {
	s := analysis.Summarise(r)
	all := gather(s, []*record.Run{r})
	var list []RunCell
	for i := range s.Cells {
		e := all[s.Cells[i].Key]
		list = append(list, RunCell{Key: s.Cells[i].Key, Starts: e.List, Unusable: e.invalid()})
	}
	return list
}

// Limit is the latency up to which those of all runs are known; zero is no limit.
func Limit(runs []start.List) time.Duration {
	return limitOf(runs, firstOf(runs, math.MaxInt))
}
