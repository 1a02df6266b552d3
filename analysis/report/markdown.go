package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// Markdown writes the summary in GitHub's dialect: warnings, table, footnotes.
func Markdown(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	for _, warning := range s.Warnings {
		p.line("- **warning:** %s", table.EscapeMarkdown(warning.String()))
	}
	if len(s.Warnings) > 0 {
		p.line("")
	}
	p.markdown(table.Summary(s))
	for _, t := range table.Further(s) {
		p.line("")
		p.markdown(t)
	}
	for _, n := range table.Footnotes(s) {
		p.line("")
		p.line("%s", table.EscapeMarkdown(n))
	}
	return p.err
}
