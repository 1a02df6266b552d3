package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// Markdown writes the summary in GitHub's dialect: warnings, table, footnotes.
func Markdown(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	for _, warning := range s.Warnings {
		p.line("- **warning:** %s", escapeMarkdown(warning.String()))
	}
	if len(s.Warnings) > 0 {
		p.line("")
	}
	p.markdown(summaryTable(s))
	for _, t := range furtherTables(s) {
		p.line("")
		p.markdown(t)
	}
	for _, n := range footnotes(s) {
		p.line("")
		p.line("%s", escapeMarkdown(n))
	}
	return p.err
}
