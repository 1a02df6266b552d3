package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// MarkdownReport writes everything that Markdown does, and the tables of phases and of
// Knative's spans.
func MarkdownReport(w io.Writer, s *analysis.Summary) error {
	if err := Markdown(w, s); err != nil {
		return err
	}
	p := printer{w: w}
	if phases := table.Phases(s); len(phases.Rows) > 0 {
		p.line("")
		p.markdown(phases)
		p.line("")
		p.line("%s", table.EscapeMarkdown(table.PhaseNote+table.Lacking(s)))
	}
	if spans := table.Spans(s); spans != nil {
		spans.Ditto(0, 1)
		p.line("")
		p.markdown(spans)
		p.line("")
		p.line("%s", table.EscapeMarkdown(table.SpanNote+table.TracingCost(s)+table.Lacking(s)))
	}
	return p.err
}

// Markdown writes the summary in GitHub's dialect: warnings, table, footnotes.
func Markdown(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	for _, warning := range s.Warnings {
		p.line("- **warning:** %s", table.EscapeMarkdown(warning.String()))
	}
	if len(s.Warnings) > 0 {
		p.line("")
	}
	for i, t := range table.All(s) {
		if i > 0 {
			p.line("")
		}
		p.markdown(t)
	}
	for _, n := range table.Footnotes(s) {
		p.line("")
		p.line("%s", table.EscapeMarkdown(n))
	}
	return p.err
}
