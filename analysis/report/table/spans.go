package table

import (
	"fmt"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// spanMeanings say what Knative means by its spans. A name that ends in a slash stands
// for all names that begin with it.
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

// SpanNote explains the table of spans.
const SpanNote = "Medians of the spans that Knative reported of these cold starts; an indented one is part of the one above."

// TracingCost says how many starts were traced and what that cost, to stand behind
// SpanNote. It is empty where every start was traced, as in older runs, or none.
func TracingCost(s *analysis.Summary) string {
	var list []string
	for _, c := range s.Cells {
		if c.Tracing == nil {
			continue
		}
		text := fmt.Sprintf("%s: %d, with a median of %s", Label(c.Key, s.Cells), c.Tracing.Samples, stat.Format(c.Tracing.Median))
		if c.Tracing.Ratio != nil {
			text += fmt.Sprintf(", %s times that of the others", RatioText(*c.Tracing.Ratio))
		}
		list = append(list, text)
	}
	if list == nil {
		return ""
	}
	return " Traced starts, which are in no other table: " + strings.Join(list, "; ") + "."
}

// Spans has what Knative's components reported of the cells' cold starts.
func Spans(s *analysis.Summary) *Table {
	t := New("runtimeClass", "service", "span", " n", " median", "what it is").
		Spare("what it is")
	for _, c := range s.Cells {
		for _, span := range c.Spans {
			t.Row(Label(c.Key, s.Cells), span.Service, strings.Repeat("  ", span.Depth)+span.Name,
				fmt.Sprint(span.Samples), stat.Format(span.Median), meaning(span))
		}
	}
	return t.orNil()
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
