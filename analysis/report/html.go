package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/page"
)

// HTML writes the runs, and their summary, as one page that needs no network; package page
// draws it.
func HTML(w io.Writer, s *analysis.Summary, runs ...*record.Run) error {
	return page.Write(w, s, runs...)
}
