package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// HTML writes the runs as one page that needs no network: what was run and
// where, whether it can be trusted, and charts with their tables.
func HTML(w io.Writer, runs ...*record.Run) error {
	page, err := templates.RenderReport(htmlReport(runs))
	if err != nil {
		return err
	}
	if _, err := w.Write(page); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

func htmlReport(runs []*record.Run) templates.Report {
	s := analysis.Summarise(runs...)
	drifts := driftsOf(s, runs)
	data := chartsOf(s, runs)
	r := templates.Report{
		Title: htmlTitle(data.Classes), Lead: htmlLead(s, data.Classes), Facts: clusterFacts(runs),
		Checks: checks(s, drifts), Results: htmlTable("Latency from the request to the last byte, of the proven cold starts", summaryTable(s)),
		Notes: footnotes(s), Classes: data.Classes, Services: largestFirst(data.Services), Data: data, Runs: runTables(runs),
	}
	for _, warning := range s.Warnings {
		r.Warnings = append(r.Warnings, plain(warning.String()))
	}
	r.Figures = figures(s, data, drifts)
	return r
}

// largestFirst is what a chart shows unless told otherwise.
func largestFirst(services []int) []int {
	return slices.SortedFunc(slices.Values(services), func(a, b int) int { return b - a })
}

func htmlTitle(classes []string) string {
	if len(classes) == 0 {
		return "Cold starts"
	}
	return "Cold starts: " + plain(strings.Join(classes, ", "))
}

// htmlLead is the first thing that is read.
func htmlLead(s *analysis.Summary, classes []string) string {
	samples := 0
	for _, c := range s.Cells {
		samples += c.Samples
	}
	of := countOf(len(classes), "RuntimeClass", "RuntimeClasses")
	if slices.ContainsFunc(s.Cells, func(c analysis.Cell) bool { return c.Variant != "" }) {
		of = count(len(classes), "side")
	}
	lead := fmt.Sprintf("%s of %s in %s", count(samples, "request"), of, count(len(s.Runs), "run"))
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
		lead += ", begun " + htmlTime(first)
		if !last.Equal(first) {
			lead += " to " + htmlTime(last)
		}
	}
	return lead + "."
}

func count(n int, noun string) string { return countOf(n, noun, noun+"s") }

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// htmlTable takes over a table as it is drawn elsewhere; nil is empty.
func htmlTable(caption string, t *table) templates.Table {
	out := templates.Table{Caption: caption}
	if t == nil {
		return out
	}
	for i := range t.head {
		out.Head = append(out.Head, templates.Heading{Text: t.title(i), Number: t.right(i)})
	}
	above := ""
	for _, row := range t.rows {
		row = slices.Clone(row)
		row[0] = cmp.Or(row[0], above) // a cell that is read aloud stands alone
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

// figures are those that the runs have data for.
func figures(s *analysis.Summary, data *charts, drifts []drift) []templates.Figure {
	var list []templates.Figure
	add := func(when bool, f templates.Figure) {
		if when {
			list = append(list, f)
		}
	}
	measured, phased := data.has(func(c *cellChart) bool { return c.Measured > 0 }), data.has(func(c *cellChart) bool { return len(c.Phases) > 1 })
	many := len(data.Services) > 1
	add(many && measured, templates.Figure{ID: "scaleLatency", Title: "Latency against the number of services",
		Lead:  "Median with its 95 % interval, and p95 dashed, by how many services were fired together.",
		Table: htmlTable("Latency by number of services", summaryTable(s))})
	add(many, templates.Figure{ID: "scaleAnswered", Title: "Answered against the number of services",
		Lead:  "The share of the requests that were answered before the client timeout, by how many services were fired together.",
		Table: htmlTable("Answers and instances by number of services", cmp.Or(instanceTable(s), newTable()))})
	limits, shortfalls := limitTable(s), shortfallTable(s)
	add(limits != nil, templates.Figure{ID: "limit", Title: "The limit", Lead: limitNote, Plain: true, Table: htmlTable("Largest number of services that held", limits)})
	add(shortfalls != nil, templates.Figure{ID: "shortfall", Title: "Why rounds fell short", Lead: shortfallNote, Plain: true,
		Table: htmlTable("What was seen in rounds in which not every service was answered", shortfalls)})
	add(measured, templates.Figure{ID: "latency", Title: "Latency per class",
		Lead:  "Each point is one cold start. Below the points, a diamond is the median with its 95 % interval, a tick the p95. A hollow triangle timed out: its latency is more than where it stands." + data.thinned(),
		Table: htmlTable("Percentiles of the latency", percentileTable(s, 0.1, 0.25, 0.5, 0.75, 0.9))})
	add(measured, templates.Figure{ID: "cumulative", Title: "Cumulative distribution",
		Lead:  "The share of cold starts that were answered within a latency. A line that ends below 100 % in a hollow triangle has requests that timed out: of those, only that they took longer is known.",
		Table: htmlTable("Share of the cold starts answered within", withinTable(s))})
	add(measured, templates.Figure{ID: "percentiles", Title: "Latency by percentile",
		Lead:  "The same on the scale of an HDR histogram: each step to the right has a tenth of the requests left, so that the tail is seen. Few samples end early.",
		Table: htmlTable("Upper percentiles, with their 95 % upper bounds", percentileTable(s, 0.5, 0.9, 0.95, 0.99, 0.999))})
	add(phased, templates.Figure{ID: "phases", Title: "Phases of a cold start",
		Lead:   "Medians since the request, stacked in the order of the steps; the upright line is the end of the answer. A dashed outline runs backwards: by the medians, that phase came before the one above it in the list, as when the answer arrives before the watch tells of Ready." + lacking(s),
		Legend: phaseLegend(data.Phases), Table: htmlTable("Phases, as medians", phaseTable(s))})
	spans := spanTable(s)
	add(spans != nil, templates.Figure{ID: "spans", Title: "What Knative says of it",
		Lead:  spanNote + " The activator's wait is the cold start as Knative sees it; what follows is the cost of answering." + lacking(s),
		Plain: true, Table: htmlTable("Spans of Knative's components, as medians", spans)})
	add(data.has(func(c *cellChart) bool { return len(c.Samples) > 1 }), templates.Figure{ID: "order", Title: "Latency over the run",
		Lead:  "Every request when it was sent, to see drift. Grey: not proven cold, or failed; these are not in the figures above.",
		Table: htmlTable("Median of each run's first half against its second", driftTable(drifts, s))})
	add(data.Instances != nil, instanceFigure(data.Instances))
	add(data.has(func(c *cellChart) bool { return c.Availability != nil && len(c.Availability.Answered) > 0 }), answeringFigure(s))
	add(data.has(func(c *cellChart) bool { return c.Availability != nil && c.Availability.Median != nil }), gapFigure(s))
	add(data.Memory != nil, memoryFigure(s, data.Memory))
	return list
}
