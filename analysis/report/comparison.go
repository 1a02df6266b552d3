package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Comparison writes a comparison as people read it, with a row for each quantile and
// one for the shape. "~" stands where no difference is shown.
func Comparison(w io.Writer, c *analysis.Comparison) error {
	p := printer{w: w}
	for _, warning := range c.Warnings {
		p.line("warning: %s", warning)
	}
	if len(c.Warnings) > 0 {
		p.line("")
	}
	if len(c.Rows) > 0 {
		p.table(comparisonTable(c))
		p.line("")
		for _, n := range comparisonNotes(c) {
			p.line("%s", n)
		}
	}
	if len(c.Loads) > 0 {
		p.table(loadComparison(c))
		p.line("")
		p.line("%s", loadComparisonNote)
	}
	if t := publishedTable(c); len(t.Rows) > 0 {
		p.line("")
		p.line("Published, on other machines:")
		p.table(t)
	}
	p.narrowed()
	return p.err
}

// ComparisonMarkdown writes the same in GitHub's dialect.
func ComparisonMarkdown(w io.Writer, c *analysis.Comparison) error {
	p := printer{w: w}
	for _, warning := range c.Warnings {
		p.line("- **warning:** %s", table.EscapeMarkdown(warning.String()))
	}
	if len(c.Warnings) > 0 {
		p.line("")
	}
	if len(c.Rows) > 0 {
		p.markdown(comparisonTable(c))
		for _, n := range comparisonNotes(c) {
			p.line("")
			p.line("%s", table.EscapeMarkdown(n))
		}
	}
	if len(c.Loads) > 0 {
		p.markdown(loadComparison(c))
		p.line("")
		p.line("%s", table.EscapeMarkdown(loadComparisonNote))
	}
	if t := publishedTable(c); len(t.Rows) > 0 {
		p.line("")
		p.line("Published, on other machines:")
		p.line("")
		p.markdown(t)
	}
	return p.err
}

// ComparisonJSON writes a comparison as one indented object.
func ComparisonJSON(w io.Writer, c *analysis.Comparison) error { return writeJSON(w, c) }

func comparisonTable(c *analysis.Comparison) *table.Table {
	t := table.New("base", "new", "measure", "", " base", " new", " difference", " ratio", " p").
		Spare("ratio").Foldable(2)
	for _, row := range c.Rows {
		base, new := cellName(row.Base), cellName(row.New)
		measure := "responseLatency"
		switch {
		case row.Phase != "":
			measure = "to " + string(row.Phase)
		case row.Step != "":
			measure = "deployed: " + string(row.Step)
		}
		for _, f := range row.Changes {
			d := f.Result
			p := table.None
			if d.Tested {
				p = stat.PText(f.AdjustedP)
			}
			t.Row(base, new, measure, percentileName(d.Quantile), d.Base.String(), d.New.String(),
				differenceText(d.Difference, f.Shown), changeRatio(d.Ratio, f.Shown), p)
			base, new, measure = "", "", ""
		}
		if s := row.Shape; s != nil {
			t.Row("", "", "", "shape", "", "", shapeText(s), "", stat.PText(s.AdjustedP))
		}
	}
	return t
}

// cellName is the class, with the number of services unless that is one.
func cellName(k record.Key) string {
	if k.Services == 1 {
		return k.Class().String()
	}
	return fmt.Sprintf("%s/%d", k.Class().String(), k.Services)
}

func percentileName(q float64) string { return fmt.Sprintf("p%g", math.Round(q*1e6)/1e4) }

// notShown takes the place of a value that chance explains.
const notShown = "~"

func differenceText(d *stat.Difference, shown bool) string {
	if d == nil || !d.Interval {
		return table.None
	}
	value := signed(d.Value)
	switch {
	case d.Over:
		value = ">" + value
	case !shown:
		value = notShown
	}
	return fmt.Sprintf("%s (%s … %s)", value, signed(d.Low), signed(d.High))
}

func signed(ns stat.Real) string {
	f := float64(ns)
	switch {
	case math.IsInf(f, 0):
		return "?"
	case f > 0:
		return "+" + stat.Format(time.Duration(f))
	}
	return stat.Format(time.Duration(f))
}

func changeRatio(r *stat.Ratio, shown bool) string {
	switch {
	case r == nil || !r.Interval:
		return table.None
	case !shown && !r.Over:
		return notShown + table.RatioInterval(*r)
	}
	return table.RatioText(*r)
}

func shapeText(f *analysis.Finding[stat.Shape]) string {
	text := fmt.Sprintf("new slower in %.0f %% of pairs", 100*f.Result.Slower)
	if !f.Shown {
		return notShown + " (" + text + ")"
	}
	return text
}

// family says over which rows p-values are adjusted together.
func family(c *analysis.Comparison) string {
	apart := ""
	if slices.ContainsFunc(c.Rows, func(r analysis.Row) bool { return r.Phase != "" }) {
		apart += ", and separately over the phases"
	}
	if slices.ContainsFunc(c.Rows, deploys) {
		apart += ", and separately over the deployments"
	}
	if apart == "" {
		return "the table"
	}
	return "the latencies" + apart
}

func deploys(r analysis.Row) bool { return r.Step != "" }

// deployNote says what the intervals of deployments come from.
const deployNote = "Deployed: services that were deployed together depend on one another, so that intervals and p-values come from rounds, or from runs where a side has several; it takes two of them on each side."

func comparisonNotes(c *analysis.Comparison) []string {
	notes := []string{
		"In brackets: 95 % interval (bootstrap). p: bootstrap of the quantiles, Mann–Whitney of the shape, adjusted over " + family(c) + " (Holm).",
		notShown + ": no difference is shown at 5 %.",
	}
	if slices.ContainsFunc(c.Rows, deploys) {
		notes = append(notes, deployNote)
	}
	for _, row := range c.Rows {
		for _, f := range row.Changes {
			if !f.Result.Tested {
				return append(notes, table.None+": too few samples on one side to tell.")
			}
		}
	}
	return notes
}

func publishedTable(c *analysis.Comparison) *table.Table {
	t := table.New("runtimeClass", " average", " min", " max", "source")
	seen := map[analysis.Figure]bool{}
	for _, row := range c.Rows {
		for _, f := range row.Published {
			if !seen[f] {
				seen[f] = true
				t.Row(f.RuntimeClass, stat.Format(f.Average), stat.Format(f.Min), stat.Format(f.Max),
					fmt.Sprintf("%s (there: %s), %s", f.Source, f.Named, f.Experiment))
			}
		}
	}
	return t
}
