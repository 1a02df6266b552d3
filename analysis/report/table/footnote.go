package table

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Footnotes say what the numbers of the tables are and are not.
func Footnotes(s *analysis.Summary) []string {
	var notes []string
	for _, r := range s.Runs {
		if len(r.Deployed) > 0 {
			notes = append(notes, Plain(ofRun(r, s)+strings.Join(r.Deployed, ", ")+"."))
		}
	}
	notes = append(notes, sampleNotes(s)...)
	for _, of := range []struct {
		table *Table
		note  string
	}{
		{Instances(s), instanceNote}, {Shortfalls(s), ShortfallNote}, {Limits(s), LimitNote(s)},
		{Availability(s), availabilityNote}, {Memory(s), memoryNote}, {Used(s), UseNote}, {WorkMemory(s), WorkMemoryNote}, {Deployments(s), DeployNote}, {Handlers(s), HandlerNote},
	} {
		if of.table != nil {
			notes = append(notes, of.note)
		}
	}
	if s.Work != nil {
		notes = append(notes, WorkNote(s))
	}
	if len(s.Loads) > 0 {
		notes = append(notes, loadNote(s))
	}
	if l := s.Lateness; len(s.Cells) > 0 && !l.Late {
		notes = append(notes, fmt.Sprintf("Requests were sent %s after their intended time at p99, %s at most.", stat.Format(l.P99), stat.Format(l.Max)))
	}
	return notes
}

// sampleNotes are about which samples the percentiles are made of, and how far those
// are known.
func sampleNotes(s *analysis.Summary) []string {
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
	notes := answeredNotes(s)
	if s.Discarded > 0 {
		notes = append(notes, fmt.Sprintf("%d samples of the first round, which warms caches, are not counted.", s.Discarded))
	}
	if by := Proofs(s.Counts()); by != "" {
		notes = append(notes, "Proven cold "+by+".")
	}
	if censored > 0 {
		notes = append(notes, fmt.Sprintf("%d samples timed out: they count as over the client timeout, so no mean exists.", censored))
	}
	if maxima > 0 {
		notes = append(notes, "(max): of so few samples the percentile is their maximum.")
	}
	if note := intervalNote(s); note != "" {
		notes = append(notes, note)
	}
	if unbounded > 0 {
		notes = append(notes, fmt.Sprintf("A 95 %% upper bound takes %d samples for p95 and %d for p99.",
			stat.SamplesNeeded(0.95, stat.Confidence), stat.SamplesNeeded(0.99, stat.Confidence)))
	}
	return notes
}

// answeredNotes have the figures of the starts that were answered alone, where some
// were not.
func answeredNotes(s *analysis.Summary) []string {
	var notes []string
	for i := range s.Cells {
		if a := s.Cells[i].Answered; a != nil {
			notes = append(notes, Plain(fmt.Sprintf("Of the %d of %s that were answered alone: p50 is %s, p95 %s, p99 %s, max %s.",
				a.N, Label(s.Cells[i].Key, s.Cells), a.P50, a.P95, a.P99, a.Max)))
		}
	}
	return notes
}

// intervalNote says what the intervals are over.
func intervalNote(s *analysis.Summary) string {
	switch {
	case len(s.Cells) == 0:
		return ""
	case len(s.Runs) > 1:
		return fmt.Sprintf("Intervals and bounds come from how much the %d runs differ.", len(s.Runs))
	case manyServices(s.Cells):
		return "Intervals and bounds are of what was fired together in this run: another round may differ by more."
	}
	return "Intervals and bounds are of this run: another run may differ by more."
}

// ofRun names a run where there are several.
func ofRun(r analysis.RunInfo, s *analysis.Summary) string {
	if len(s.Runs) == 1 {
		return ""
	}
	return "run " + r.RunID + ": "
}
