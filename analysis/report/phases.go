package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Phases writes, below what stands above, the table of the cells' phases:
// medians, the resolution of each step, and the clock it was read from.
func Phases(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	p.line("")
	p.table(phaseTable(s))
	p.line("")
	p.line("Medians of the cold starts that succeeded; they do not add up exactly.%s", lacking(s))
	return p.err
}

func phaseTable(s *analysis.Summary) *table {
	t := newTable("runtimeClass", "phase", " n", " since request", " step", " resolution", "clock")
	for _, c := range s.Cells {
		name := label(c, s.Cells)
		for _, p := range c.Phases {
			t.row(name, string(p.Name), fmt.Sprint(p.Samples), stat.Format(p.SinceRequested), stat.Format(p.Step), stat.Format(p.Resolution), p.Clock)
			name = ""
		}
	}
	return t
}

// label is the class, with the number of services where they differ.
func label(c analysis.Cell, all []analysis.Cell) string {
	if manyServices(all) {
		return fmt.Sprintf("%s/%d", c.Class().String(), c.Services)
	}
	return c.Class().String()
}

const timelineWidth = 60

// Timeline writes, per cell, a line for each phase whose bar spans its step, on
// one scale for all cells. A bar of "<" runs backwards: the phase came before the
// one above it.
//
//	runc, 30 cold starts
//	  podCreated   ====                        40.1ms
//	  ready            ===================     1.10s
func Timeline(w io.Writer, s *analysis.Summary) error {
	longest, name := extent(s.Cells)
	if longest <= 0 {
		return nil
	}
	p := printer{w: w}
	for _, c := range s.Cells {
		if len(c.Phases) == 0 {
			continue
		}
		p.line("")
		p.line("%s, %d cold starts%s", label(c, s.Cells), c.Phases[0].Samples, unanswered(c))
		var from time.Duration
		for _, ph := range c.Phases[1:] {
			p.line("  %-*s  %-*s  %s", name, ph.Name, timelineWidth, bar(from, ph.SinceRequested, longest), stat.Format(ph.SinceRequested))
			from = ph.SinceRequested
		}
	}
	return p.err
}

// unanswered is empty where all were answered.
func unanswered(c analysis.Cell) string {
	if missing := requested(c) - c.OK; missing > 0 {
		return fmt.Sprintf("; %d of %d were not answered", missing, requested(c))
	}
	return ""
}

// bar spans from one instant to the next, on a line that is longest long.
func bar(from, to, longest time.Duration) string {
	column := func(at time.Duration) int {
		share := float64(at) / float64(longest)
		return int(math.Round(timelineWidth * min(max(share, 0), 1)))
	}
	left, right, mark := column(from), column(to), "="
	if to < from {
		left, right, mark = right, left, "<"
	}
	if left == right {
		return strings.Repeat(" ", min(left, timelineWidth-1)) + "|"
	}
	return strings.Repeat(" ", left) + strings.Repeat(mark, right-left)
}

// extent is the latest phase of all cells and the length of the longest name.
func extent(cells []analysis.Cell) (longest time.Duration, name int) {
	for _, c := range cells {
		for _, p := range c.Phases {
			longest = max(longest, p.SinceRequested)
			name = max(name, utf8.RuneCountInString(string(p.Name)))
		}
	}
	return longest, name
}
