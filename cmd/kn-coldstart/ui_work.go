package main

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// This file is part of ui.go: how a work goes, for people.

// workLog prints a line for each turn of a class, and one for each program.
type workLog struct{ runLog }

func newWorkLog() *workLog { return &workLog{} }

// See implements experiment.Observer.
func (l *workLog) See(n experiment.Notice) {
	switch n := n.(type) {
	case experiment.WorkBegun:
		note := ""
		if n.Block == 0 {
			note = ", discarded: warms caches"
		}
		sayProgress("block %d of %d: %s%s", n.Block+1, n.Blocks, n.Target.RuntimeClass, note)
	case experiment.WorkDone:
		sayWork(n)
	default:
		l.runLog.See(n)
	}
}

func sayWork(n experiment.WorkDone) {
	w := &n.Work
	tell := say
	said := "failed: " + strings.Join(strings.Fields(w.Error), " ")
	if w.Outcome == record.OK {
		tell = sayProgress
		first := w.Figures[0]
		said = fmt.Sprintf("%s %.4g %s", first.Name, first.Value, first.Unit)
		if more := len(w.Figures) - 1; more > 0 {
			said += fmt.Sprintf(", and %d more", more)
		}
	}
	tell("  [%*d/%d] %-15s %8s  %s", len(fmt.Sprint(n.Total)), n.Done, n.Total, w.Program, stat.Format(w.Ended-w.Begun), said)
}
