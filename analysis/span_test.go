package analysis

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func spanOf(service, name, id, parent string, start int64, took time.Duration) record.Span {
	return record.Span{Service: service, Name: name, ID: id, Parent: parent, Start: start, Duration: took}
}

func TestSpansAreNested(t *testing.T) {
	type visit struct {
		Name  string
		Depth int
	}
	for _, c := range []struct {
		name  string
		spans []record.Span
		want  []visit
	}{
		{"none", nil, nil},
		{"children after their parent, in order of start", []record.Span{
			spanOf("a", "second", "2", "1", 5, 1), spanOf("a", "first", "3", "1", 4, 1),
			spanOf("a", "root", "1", "client", 9, 1), spanOf("a", "leaf", "4", "3", 0, 1),
		}, []visit{{"root", 0}, {"first", 1}, {"leaf", 2}, {"second", 1}}},
		{"a parent that did not arrive", []record.Span{spanOf("a", "orphan", "2", "1", 0, 1)}, []visit{{"orphan", 0}}},
		{"no ids", []record.Span{spanOf("a", "y", "", "", 2, 1), spanOf("a", "x", "", "", 1, 1)}, []visit{{"x", 0}, {"y", 0}}},
		{"the same id twice", []record.Span{
			spanOf("a", "x", "1", "", 1, 1), spanOf("a", "y", "1", "", 2, 1), spanOf("a", "z", "2", "1", 3, 1),
		}, []visit{{"x", 0}, {"z", 1}, {"y", 0}}},
		{"a circle", []record.Span{spanOf("a", "x", "1", "2", 0, 1), spanOf("a", "y", "2", "1", 0, 1), spanOf("a", "z", "3", "3", 0, 1)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []visit
			nest(c.spans, func(s record.Span, depth int) { got = append(got, visit{s.Name, depth}) })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func traced(id string, spans ...record.Span) func(*record.Sample) {
	return func(s *record.Sample) { s.TraceID, s.Spans = id, spans }
}

func TestSpansOfACell(t *testing.T) {
	root := func(took time.Duration) record.Span { return spanOf("activator", "GET", "1", "", 0, took) }
	wait := func(took time.Duration) record.Span { return spanOf("activator", "throttler_try", "2", "1", 1, took) }
	queue := func(took time.Duration) record.Span { return spanOf("queue-proxy", "GET", "3", "1", 2, took) }
	r := runtest.New("r", "runc").
		Add("runc", 1, 9, traced("a", queue(1))). // the activator's did not arrive
		Add("runc", 1, 9, traced("b", root(30), wait(20), queue(3), queue(4))).
		Add("runc", 1, 9, traced("c", root(10), wait(8))).
		Add("runc", 1, 9, traced("d", root(50), wait(40), queue(9))).
		Add("runc", 1, 9).
		Add("runc", 1, 9, traced("e", root(1e9)), runtest.Discarded).
		Add("runc", 1, 9, traced("f", root(1e9)), runtest.TimedOut).
		Add("runc", 1, 9, traced("g", root(1e9)), runtest.Coldness(record.Warm)).
		Run()
	want := []Span{
		{Service: "activator", Name: "GET", Samples: 3, Median: 30},
		{Service: "activator", Name: "throttler_try", Depth: 1, Samples: 3, Median: 20},
		{Service: "queue-proxy", Name: "GET", Depth: 1, Samples: 3, Median: 7},
	}
	if diff := cmp.Diff(want, Summarise(r).Cells[0].Spans); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, Summarise(r, runtest.New("untraced", "runc").Add("runc", 1, 9).Run()).Cells[0].Spans); diff != "" {
		t.Errorf("pooled with another: %s", diff)
	}
}

// Spans on lines of their own count as those that stand in the sample, whether
// they come before it or after.
func TestSpansAreJoinedFromTheirLines(t *testing.T) {
	c := newCollector()
	v := c.visitor()
	line := func(trace string, took time.Duration) {
		v.Span(&record.TraceSpan{TraceID: trace, Span: spanOf("activator", "GET", "1", "", 0, took)})
	}
	r := runtest.New("r", "runc").Add("runc", 1, 9, traced("a")).Add("runc", 1, 9, traced("b")).Run()
	line("a", 10)
	line("nobody's", 1000)
	for i := range r.Samples {
		v.Sample(&r.Samples[i])
	}
	line("b", 30)
	c.finish(r)
	want := []Span{{Service: "activator", Name: "GET", Samples: 2, Median: 10}}
	if diff := cmp.Diff(want, c.summary().Cells[0].Spans); diff != "" {
		t.Error(diff)
	}
}

// Starts that were traced afterwards make the spans and the cost of tracing, and no other
// figure.
func TestTracedStartsAreInNoOtherFigure(t *testing.T) {
	afterwards := func(id string) func(*record.Sample) {
		return func(s *record.Sample) {
			s.Traced, s.Discarded, s.TraceID = true, true, id
			s.Spans = []record.Span{spanOf("activator", "GET", "1", "", 0, 7)}
		}
	}
	unproven := func(s *record.Sample) { s.Cold = record.Unknown }
	b := runtest.New("r", "runc").Add("runc", 1, 100, runtest.Discarded)
	for range 3 {
		b.Add("runc", 1, 40)
	}
	r := b.Add("runc", 1, 60, afterwards("a")).Add("runc", 1, 60, afterwards("b")).Add("runc", 1, 90, afterwards("c"), unproven).Run()
	s := Summarise(r)
	c := s.Cells[0]
	if c.Samples != 3 || c.Measured != 3 || c.P50.Latency != 40 || c.Max.Latency != 40 {
		t.Errorf("%d samples, %d measured, median %v, max %v", c.Samples, c.Measured, c.P50.Latency, c.Max.Latency)
	}
	if s.Discarded != 1 {
		t.Errorf("%d discarded", s.Discarded)
	}
	if diff := cmp.Diff([]Span{{Service: "activator", Name: "GET", Samples: 2, Median: 7}}, c.Spans); diff != "" {
		t.Error(diff)
	}
	if c.Tracing == nil || c.Tracing.Samples != 2 || c.Tracing.Median != 60 || c.Tracing.Ratio == nil || c.Tracing.Ratio.Value != 1.5 {
		t.Errorf("tracing %+v", c.Tracing)
	}
}
