// Package report draws results: tables for people, and the formats that other
// programs read. Every function is pure: values in, bytes to a writer.
package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Text writes the summary as people read it: warnings first, then a table with
// a row per class and number of services, then footnotes.
func Text(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	for _, warning := range s.Warnings {
		p.line("warning: %s", warning)
	}
	if len(s.Warnings) > 0 {
		p.line("")
	}
	p.table(summaryTable(s))
	for _, t := range furtherTables(s) {
		p.line("")
		p.table(t)
	}
	notes := footnotes(s)
	if len(notes) > 0 {
		p.line("")
	}
	for _, n := range notes {
		p.line("%s", n)
	}
	return p.err
}

// furtherTables are those that not every summary has.
func furtherTables(s *analysis.Summary) []*table {
	return slices.DeleteFunc([]*table{instanceTable(s), shortfallTable(s), availabilityTable(s), memoryTable(s), limitTable(s)}, func(t *table) bool { return t == nil })
}

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, plain(fmt.Sprintf(format, args...)))
	}
}

// plain takes out what could steer a terminal: names and errors in a run file
// are not ours.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}

func (p *printer) table(t *table) {
	if p.err == nil {
		p.err = t.text(p.w)
	}
}

func (p *printer) markdown(t *table) {
	if p.err == nil {
		p.err = t.markdown(p.w)
	}
}

func summaryTable(s *analysis.Summary) *table {
	many := manyServices(s.Cells)
	head := []string{"runtimeClass", " services", " n", " cold", " failed", " min", " p50", " 95 % interval", " p95", " p99", " max", " ratio"}
	if !many {
		head = slices.Delete(head, 1, 2)
	}
	t := newTable(head...)
	for i := range s.Cells {
		c := &s.Cells[i]
		row := []string{c.Class().String(), fmt.Sprint(c.Services), fmt.Sprint(c.Samples), fmt.Sprint(c.Cold), failed(c.Counts),
			point(c.Min), median(c.P50), interval(c.P50), tail(c.P95), tail(c.P99), point(c.Max), ratio(s.Cells, i)}
		if !many {
			row = slices.Delete(row, 1, 2)
		}
		t.row(row...)
	}
	return t
}

// manyServices says that the number of services is not always one.
func manyServices(cells []analysis.Cell) bool {
	return slices.ContainsFunc(cells, func(c analysis.Cell) bool { return c.Services != 1 })
}

const none = "–"

func point(p *stat.Point) string {
	if p == nil {
		return none
	}
	return p.String()
}

func median(p *analysis.Percentile) string {
	if p == nil {
		return none
	}
	return p.String()
}

func interval(p *analysis.Percentile) string {
	if p == nil || (p.Interval.Low == nil && p.Interval.High == nil) {
		return none
	}
	return end(p.Interval.Low) + " … " + end(p.Interval.High)
}

func end(p *stat.Point) string {
	if p == nil {
		return "?"
	}
	return p.String()
}

// tail prints an upper percentile with its bound, or says that it is the maximum.
func tail(p *analysis.Percentile) string {
	switch {
	case p == nil:
		return none
	case p.Over:
		return p.String()
	case p.Maximum:
		return p.String() + " (max)"
	case p.Upper != nil && !p.Upper.Over:
		return p.String() + " (≤" + p.Upper.String() + ")"
	}
	return p.String()
}

func ratio(cells []analysis.Cell, i int) string {
	first := slices.IndexFunc(cells, func(c analysis.Cell) bool { return c.Services == cells[i].Services })
	r := cells[i].Ratio
	switch {
	case i == first && cells[i].Measured > 0:
		return "1"
	case r == nil:
		return none
	}
	return RatioText(*r)
}

// RatioText prints a ratio with its interval.
func RatioText(r stat.Ratio) string {
	value := fmt.Sprintf("%.2f", r.Value)
	if r.Over {
		value = ">" + value
	}
	return value + intervalText(r)
}

// intervalText is empty where no interval is known.
func intervalText(r stat.Ratio) string {
	if !r.Interval {
		return ""
	}
	high := "?"
	if h := float64(r.High); !math.IsInf(h, 0) {
		high = fmt.Sprintf("%.2f", h)
	}
	return fmt.Sprintf(" (%.2f … %s)", r.Low, high)
}

// failed prints the failures with their causes.
func failed(c analysis.Counts) string {
	n := c.Failures()
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", n, causes(c.Failed))
}

func causes(failed map[record.Outcome]int) string {
	outcomes := slices.SortedFunc(maps.Keys(failed), func(a, b record.Outcome) int {
		return cmp.Or(failed[b]-failed[a], cmp.Compare(a, b))
	})
	var list []string
	for _, o := range outcomes {
		list = append(list, fmt.Sprintf("%d %s", failed[o], o))
	}
	return strings.Join(list, ", ")
}
