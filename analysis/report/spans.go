package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// Spans writes an empty line and the table of what Knative's components reported of the
// cells' cold starts. It writes nothing if they reported nothing.
func Spans(w io.Writer, s *analysis.Summary) error {
	t := table.Spans(s)
	if t == nil {
		return nil
	}
	t.Ditto(0, 1)
	p := printer{w: w}
	p.line("")
	p.table(t)
	p.line("")
	p.line("%s", table.SpanNote+table.TracingCost(s)+table.Lacking(s))
	p.narrowed()
	return p.err
}
