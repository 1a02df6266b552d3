package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Phases writes an empty line and the table of the cells' phases: medians, the
// resolution of each step, and the clock that it was read from. It writes nothing where
// there are none.
func Phases(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	phases := table.Phases(s)
	if len(phases.Rows) == 0 {
		return nil
	}
	p.line("")
	p.table(phases)
	p.line("")
	p.line("%s%s", table.PhaseNote, table.Lacking(s))
	p.narrowed()
	return p.err
}

const timelineWidth = 48

// Timeline writes, for each cell, a line for each phase with a bar from the phase before
// to this one. All cells have the same scale. A bar of "<" runs backwards: the phase
// came before the one above it.
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
	for i := range s.Cells {
		c := &s.Cells[i]
		if len(c.Phases) == 0 {
			continue
		}
		p.line("")
		p.line("%s, %d cold starts%s", table.Label(c.Key, s.Cells), c.Phases[0].Samples, unanswered(c))
		var from time.Duration
		for _, ph := range c.Phases[1:] {
			p.line("  %s  %-*s  %s", table.Pad(string(ph.Name), name), timelineWidth, bar(from, ph.SinceRequested, longest), stat.Format(ph.SinceRequested))
			from = ph.SinceRequested
		}
	}
	return p.err
}

// unanswered says how many requests were not answered. It is empty where all were.
func unanswered(c *analysis.Cell) string {
	if missing := c.Requested() - c.OK; missing > 0 {
		return fmt.Sprintf("; %d of %d were not answered", missing, c.Requested())
	}
	return ""
}

// bar is from one instant to another, on a line that stands for the time longest.
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
			name = max(name, table.Columns(string(p.Name)))
		}
	}
	return longest, name
}
