package report

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// footnotes say what the table's numbers are and are not.
func footnotes(s *analysis.Summary) []string {
	var notes []string
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	var censored, maxima, unbounded int
	for _, c := range s.Cells {
		censored += c.Censored
		for _, p := range []*analysis.Percentile{c.P95, c.P99} {
			if p != nil && p.Maximum {
				maxima++
			}
			if p != nil && p.Upper == nil {
				unbounded++
			}
		}
	}
	for _, r := range s.Runs {
		if len(r.Deployed) > 0 {
			add("%s", plain(ofRun(r, s)+strings.Join(r.Deployed, ", ")+"."))
		}
	}
	if s.Discarded > 0 {
		add("%d samples of the first round, which warms caches, are not counted.", s.Discarded)
	}
	if censored > 0 {
		add("%d samples timed out: they count as over the client timeout, so no mean exists.", censored)
	}
	if maxima > 0 {
		add("(max): of so few samples the percentile is their maximum.")
	}
	if unbounded > 0 {
		add("A 95 %% upper bound takes %d samples for p95 and %d for p99.",
			stat.SamplesNeeded(0.95, stat.Confidence), stat.SamplesNeeded(0.99, stat.Confidence))
	}
	if instanceTable(s) != nil {
		add(instanceNote)
	}
	if shortfallTable(s) != nil {
		add(shortfallNote)
	}
	if limitTable(s) != nil {
		add(limitNote)
	}
	if availabilityTable(s) != nil {
		add(availabilityNote)
	}
	if memoryTable(s) != nil {
		add(memoryNote)
	}
	if l := s.Lateness; len(s.Cells) > 0 && !l.Late {
		add("Requests were sent %s after their intended time at p99, %s at most.", stat.Format(l.P99), stat.Format(l.Max))
	}
	return notes
}

// ofRun names a run where there are several.
func ofRun(r analysis.RunInfo, s *analysis.Summary) string {
	if len(s.Runs) == 1 {
		return ""
	}
	return "run " + r.RunID + ": "
}
