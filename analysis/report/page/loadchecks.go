package page

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// onlyLoads says that the runs have loads and no starts.
func onlyLoads(s *analysis.Summary) bool { return len(s.Cells) == 0 && len(s.Loads) > 0 }

// loadChecks say whether the numbers of the loads can be trusted.
func loadChecks(s *analysis.Summary) []templates.Check {
	var all load.Counts
	var late, seconds int
	lateness := templates.Check{Name: "Seconds with a late client"}
	broken := templates.Check{Name: "Intervals", State: "good", Value: "whole"}
	for i := range s.Loads {
		l := &s.Loads[i]
		all.Due, all.Answered, all.Dropped = all.Due+l.Due, all.Answered+l.Answered, all.Dropped+l.Dropped
		late, seconds = late+l.LateSeconds, seconds+len(l.Seconds)
		if l.LateSeconds > 0 {
			lateness.Note += fmt.Sprintf("%s: %s late at most. ", table.Plain(l.Key().String()), stat.Format(l.Lateness))
		}
		if l.Broken != "" {
			broken.State, broken.Value = "bad", "broken"
			broken.Note += table.Plain(l.Key().String()+": "+l.Broken) + ". "
		}
	}
	lateness.State, lateness.Value = state(seconds, late == 0), partOf(late, seconds)
	failed := all.Failures() - all.Dropped
	return []templates.Check{
		{Name: "Failed requests", State: state(all.Due, failed == 0), Value: partOf(failed, all.Due)},
		{Name: "Dropped by the client", State: state(all.Due, all.Dropped == 0), Value: partOf(all.Dropped, all.Due)},
		lateness, broken, endCheck(s),
	}
}
