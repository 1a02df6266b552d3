package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// spanMeanings say what Knative means by its spans. A name that ends in a slash
// stands for all that begin so.
var spanMeanings = map[string]string{
	"activator GET":                   "all of it, at the activator",
	"activator throttler_try":         "waiting for an instance",
	"activator activator_proxy":       "passing the request on",
	"activator GET /":                 "the request to the instance",
	"queue-proxy GET":                 "all of it, in the instance",
	"queue-proxy kn.queueproxy.proxy": "passing the request on",
	"queue-proxy kn.queueproxy.wait":  "waiting for the function to be free",
	"queue-proxy HTTP GET":            "the function",
}

// Spans writes, below what stands above, the table of what Knative's components
// reported of the cells' cold starts; nothing where nothing was.
func Spans(w io.Writer, s *analysis.Summary) error {
	t := spanTable(s)
	if t == nil {
		return nil
	}
	t.ditto(0, 1)
	p := printer{w: w}
	p.line("")
	p.table(t)
	p.line("")
	p.line("%s", spanNote+lacking(s))
	return p.err
}

const spanNote = "Medians of the spans that Knative reported of these cold starts; an indented one is part of the one above."

// spanTable is nil where no spans were reported.
func spanTable(s *analysis.Summary) *table {
	t := newTable("runtimeClass", "service", "span", " n", " median", "what it is")
	for _, c := range s.Cells {
		for _, span := range c.Spans {
			t.row(label(c, s.Cells), span.Service, strings.Repeat("  ", span.Depth)+span.Name,
				fmt.Sprint(span.Samples), stat.Format(span.Median), meaning(span))
		}
	}
	if len(t.rows) == 0 {
		return nil
	}
	return t
}

func meaning(s analysis.Span) string {
	full := s.Service + " " + s.Name
	if m := spanMeanings[full]; m != "" {
		return m
	}
	if path := strings.IndexByte(full, '/'); path >= 0 {
		return spanMeanings[full[:path+1]]
	}
	return ""
}
