// Package report writes results: tables for people, and the formats that other
// programs read. It computes none of them. Every function takes values and writes bytes
// to a writer.
//
// Package table has the tables of a summary, and package page the HTML page.
package report

import (
	"fmt"
	"io"

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
	return p.err
}

// printer writes lines until one fails.
type printer struct {
	w   io.Writer
	err error
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
	if p.err == nil {
		p.err = t.Text(p.w)
	}
}

func (p *printer) markdown(t *table.Table) {
	if p.err == nil {
		p.err = t.Markdown(p.w)
	}
}

// RatioText prints a ratio with its interval.
func RatioText(r stat.Ratio) string { return table.RatioText(r) }
