package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// Seconds writes a row for each second of each load: how long its requests took, and how
// many instances there were at its end.
func Seconds(w io.Writer, s *analysis.Summary) error {
	p := printer{w: w}
	t := table.Seconds(s)
	if t == nil {
		p.line("The runs have no load.")
		return p.err
	}
	t.Ditto(0)
	p.table(t)
	return p.err
}
