// Package page draws runs as one HTML page that needs no network: what was run and
// where, whether it can be trusted, and charts with their tables.
//
// The page computes nothing of results: package analysis has done so, and here they
// are thinned to what a browser can draw and put into words.
package page

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// Write writes the page of the runs and of what their summary says.
func Write(w io.Writer, s *analysis.Summary, runs ...*record.Run) error {
	page, err := templates.RenderReport(report(s, runs))
	if err != nil {
		return err
	}
	if _, err := w.Write(page); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

func report(s *analysis.Summary, runs []*record.Run) templates.Report {
	drifts := analysis.DriftsOf(s, runs)
	data := chartsOf(s, runs)
	r := templates.Report{
		Title: title(s, data.Classes), Lead: lead(s, data.Classes), Facts: clusterFacts(runs),
		Checks: checks(s, drifts), Results: resultsOf(s),
		Notes: table.Footnotes(s), Classes: data.Classes, Services: largestFirst(data.Services), Data: data, Runs: runTables(runs),
	}
	for _, warning := range s.Warnings {
		r.Warnings = append(r.Warnings, table.Plain(warning.String()))
	}
	r.Figures = figures(s, data, drifts)
	return r
}

// largestFirst is what a chart shows unless told otherwise.
func largestFirst(services []int) []int {
	return slices.SortedFunc(slices.Values(services), func(a, b int) int { return b - a })
}

func title(s *analysis.Summary, classes []string) string {
	what := "Cold starts"
	if onlyLoads(s) {
		what = "Under load"
	}
	if onlyWork(s) {
		what = "Work"
	}
	if len(classes) == 0 {
		return what
	}
	return what + ": " + table.Plain(strings.Join(classes, ", "))
}

// lead says how much was measured, and when.
func lead(s *analysis.Summary, classes []string) string {
	samples := 0
	for _, c := range s.Cells {
		samples += c.Samples
	}
	for i := range s.Loads {
		samples += s.Loads[i].Due
	}
	of := countOf(len(classes), "RuntimeClass", "RuntimeClasses")
	switch variants := variantsOf(s); {
	case slices.Contains(variants, record.VariantA) || slices.Contains(variants, record.VariantB):
		of = count(len(classes), "side")
	case len(variants) > 0:
		of = count(len(classes), "existing service")
	}
	what := count(samples, "request") + " of " + of
	if onlyWork(s) {
		what = workLead(s)
	}
	text := what + " in " + count(len(s.Runs), "run")
	if len(s.Runs) > 0 {
		first, last := s.Runs[0].Started, s.Runs[0].Started
		for _, r := range s.Runs {
			if r.Started.Before(first) {
				first = r.Started
			}
			if r.Started.After(last) {
				last = r.Started
			}
		}
		text += ", begun " + htmlTime(first)
		if !last.Equal(first) {
			text += " to " + htmlTime(last)
		}
	}
	return text + "."
}

// variantsOf are those of the cells, without the empty one.
func variantsOf(s *analysis.Summary) []string {
	var all []string
	for _, c := range s.Cells {
		if c.Variant != "" {
			all = append(all, c.Variant)
		}
	}
	return all
}

func count(n int, noun string) string { return countOf(n, noun, noun+"s") }

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// htmlTable takes over a table as it is drawn elsewhere. It is empty for nil.
func htmlTable(caption string, t *table.Table) templates.Table {
	out := templates.Table{Caption: caption}
	if t == nil {
		return out
	}
	for _, h := range t.Head {
		out.Head = append(out.Head, templates.Heading{Text: h.Text, Number: h.Right})
	}
	above := ""
	for _, row := range t.Rows {
		row = slices.Clone(row)
		row[0] = cmp.Or(row[0], above) // what is read aloud has no row above it to see
		for i := range row {
			row[i] = indented(row[i])
		}
		above, out.Rows = row[0], append(out.Rows, row)
	}
	return out
}

// indented has leading spaces that HTML keeps.
func indented(cell string) string {
	text := strings.TrimLeft(cell, " ")
	return strings.Repeat("\u00a0", len(cell)-len(text)) + text
}
