package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/cost"
)

// does prints what a measurement does, with the time since it began.
func (p *progress) does(text string) { say("[%5.1fs] %s", time.Since(p.start).Seconds(), text) }

// costRow is a row of the table of costs. Its columns are the handlers.
type costRow struct {
	title string
	cell  func(cost.Handler) string
}

// nothing stands where there is no figure, because something failed.
const nothing = "-"

func printCosts(found []cost.Handler) error {
	header := []string{""}
	for _, h := range found {
		header = append(header, h.Name)
	}
	lines := [][]string{header}
	for _, row := range costRows(found) {
		line := []string{row.title}
		for _, h := range found {
			line = append(line, row.cell(h))
		}
		lines = append(lines, line)
	}
	if _, err := os.Stdout.WriteString(aligned(lines)); err != nil {
		return err
	}
	for _, h := range found {
		printCostDetails(h)
	}
	return nil
}

// aligned is a table whose titles are on the left, and whose figures are on the right of
// their columns.
func aligned(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%-*s", widths[0], line[0])
		for i, cell := range line[1:] {
			fmt.Fprintf(&text, "  %*s", widths[i+1], cell)
		}
		text.WriteString("\n")
	}
	return text.String()
}

func costRows(found []cost.Handler) []costRow {
	rows := []costRow{
		{"version", func(h cost.Handler) string { return cmp.Or(h.Version, nothing) }},
		{"size of its files", func(h cost.Handler) string { return megabytes(cost.Bytes(h.Files)) }},
		{"with shared libraries", func(h cost.Handler) string { return megabytes(cost.Bytes(h.Files) + cost.Bytes(h.Libraries)) }},
		{"shared libraries", func(h cost.Handler) string { return fmt.Sprint(len(h.Libraries)) }},
		{"processes of an idle instance", func(h cost.Handler) string { return fmt.Sprint(len(h.Idle)) }},
		{"their memory", func(h cost.Handler) string { return mebibytes(cost.Memory(h.Idle), 1) }},
	}
	rows = append(rows,
		costRow{fmt.Sprintf("start, median of %d in turn", found[0].InTurn.Count), func(h cost.Handler) string { return short(median(h.InTurn.Start)) }},
		costRow{"stop, median of these", func(h cost.Handler) string { return short(median(h.InTurn.Stop)) }})
	counts := countsOf(found)
	for _, count := range counts {
		rows = append(rows, costRow{fmt.Sprintf("%d in turn, started and stopped in", count), func(h cost.Handler) string {
			sum, _ := inTurn(h.InTurn, count)
			return short(sum)
		}})
	}
	for n, count := range counts {
		rows = append(rows, atOnceRows(n, count)...)
	}
	return rows
}

// countsOf are the numbers of instances that were started at once.
func countsOf(found []cost.Handler) []int {
	var counts []int
	for _, h := range found {
		for _, starts := range h.AtOnce {
			if !slices.Contains(counts, starts.Count) {
				counts = append(counts, starts.Count)
			}
		}
	}
	return counts
}

// atOnceRows are about the nth number of instances that were started at once.
func atOnceRows(n, count int) []costRow {
	of := func(cell func(cost.Starts) string) func(cost.Handler) string {
		return func(h cost.Handler) string {
			if n >= len(h.AtOnce) || len(h.AtOnce[n].Start) < count {
				return nothing
			}
			return cell(h.AtOnce[n])
		}
	}
	return []costRow{
		{fmt.Sprintf("%d at once, all run after", count), of(func(s cost.Starts) string { return short(slices.Max(s.Start)) })},
		{"  memory of each", of(func(s cost.Starts) string { return mebibytes(s.MemoryBytes, s.Count) })},
		{"  all gone after", of(func(s cost.Starts) string {
			if len(s.Stop) < s.Count {
				return nothing
			}
			return short(slices.Max(s.Stop))
		})},
	}
}

func printCostDetails(h cost.Handler) {
	var needs, libraries, files, idle []string
	for _, n := range h.Needs {
		name := n.Name
		if !n.Has {
			name += " (missing: " + n.Without + ")"
		}
		needs = append(needs, name)
	}
	for _, p := range h.Idle {
		idle = append(idle, p.Program+" "+mebibytes(p.MemoryBytes, 1))
	}
	for _, f := range h.Files {
		files = append(files, f.Path+" "+megabytes(f.Bytes))
	}
	for _, f := range h.Libraries {
		libraries = append(libraries, filepath.Base(f.Path)+" "+megabytes(f.Bytes))
	}
	fmt.Printf("\n%s\n  files:      %s\n  libraries:  %s\n  needs:      %s\n  idle:       %s\n",
		h.Name, list(files), list(libraries), list(needs), list(idle))
}

func list(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// mebibytes is the share of each of several instances.
func mebibytes(bytes int64, of int) string {
	if bytes == 0 {
		return nothing
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/float64(of)/(1<<20))
}

// short is a duration with about three digits.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return nothing
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
