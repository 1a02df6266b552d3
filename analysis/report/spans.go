package report

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
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
	p.line("%s", table.SpanNote+table.Lacking(s))
	for _, c := range s.Cells {
		p.tracing(table.Label(c.Key, s.Cells), c.Tracing)
	}
	return p.err
}

// tracing says what it costs to trace a class.
func (p *printer) tracing(label string, t *analysis.Tracing) {
	switch {
	case t == nil:
	case t.Ratio == nil:
		p.line("%s: %d traced starts, which are left out of every other table.", label, t.Samples)
	default:
		p.line("%s: %d traced starts, which are left out of every other table. Their median is %s, %s times that of the others.",
			label, t.Samples, stat.Format(t.Median), RatioText(*t.Ratio))
	}
}
