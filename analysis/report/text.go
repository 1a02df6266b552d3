// Package report writes results: tables for people, and the formats that other
// programs read. It computes none of them. Every function takes values and writes bytes
// to a writer.
//
// Package table has the tables of a summary, and package page the HTML page.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Text writes the summary as people read it: the warnings, a table with a row for each
// class and number of services, further tables, and footnotes.
func Text(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	for _, warning := range s.Warnings {
		p.line("warning: %s", warning)
	}
	if len(s.Warnings) > 0 {
		p.line("")
	}
	for i, t := range table.All(s) {
		if i > 0 {
			p.line("")
		}
		p.table(t)
	}
	notes := table.Footnotes(s)
	if len(notes) > 0 {
		p.line("")
	}
	for _, n := range notes {
		p.line("%s", n)
	}
	p.narrowed()
	return p.err
}

// wide is a writer of tables with all their columns.
type wide struct{ io.Writer }

// Wide is a writer on which tables have all their columns. On any other one they fit into
// 80 columns of text, and what that leaves out is said below them.
func Wide(w io.Writer) io.Writer { return wide{w} }

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
	// left are the columns that were left out, with commas between those of a table.
	left []string
}

func (p *printer) line(format string, args ...any) {
	p.raw(table.Line(fmt.Sprintf(format, args...)))
}

// raw writes a line that is safe already.
func (p *printer) raw(line string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, line)
	}
}

func (p *printer) table(t *table.Table) {
	if _, all := p.w.(wide); !all {
		fitted, left := t.Fit(table.Width)
		if text := strings.Join(left, ", "); text != "" && !slices.Contains(p.left, text) {
			p.left = append(p.left, text)
		}
		t = fitted
	}
	if p.err == nil {
		p.err = t.Text(p.w)
	}
}

// narrowed says which columns were left out of the tables.
func (p *printer) narrowed() {
	if len(p.left) > 0 {
		p.line("Columns that -o wide adds: %s.", strings.Join(p.left, "; "))
	}
}

func (p *printer) markdown(t *table.Table) {
	if p.err == nil {
		p.err = t.Markdown(p.w)
	}
}

// RatioText prints a ratio with its interval.
func RatioText(r stat.Ratio) string { return table.RatioText(r) }
