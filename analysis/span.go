package analysis

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Span is one span that a component of Knative reported of a cell's cold starts, as
// the median over the samples that have it.
type Span struct {
	Service string `json:"service"`
	Name    string `json:"name"`
	// Depth is how many other spans it lies within.
	Depth int `json:"depth"`
	// Samples is how many samples have it.
	Samples int           `json:"samples"`
	Median  time.Duration `json:"medianNs"`
}

type spanKey struct{ service, name string }

// spanBuilder gathers the spans of a cell, one trace after the other.
type spanBuilder struct {
	durations map[spanKey][]time.Duration
	depths    map[spanKey]int
	// order has the spans of the trace with the most spans first, then the others as
	// they appeared. richest is how many spans that trace has.
	order   []spanKey
	richest int
}

// add takes the spans of one sample. A span that occurs twice counts once, with the
// sum of its durations.
func (b *spanBuilder) add(spans []record.Span) {
	if b.durations == nil {
		b.durations, b.depths = map[spanKey][]time.Duration{}, map[spanKey]int{}
	}
	sums := map[spanKey]time.Duration{}
	var order []spanKey
	nest(spans, func(s record.Span, depth int) {
		k := spanKey{s.Service, s.Name}
		if _, seen := sums[k]; !seen {
			order = append(order, k)
		}
		sums[k] += s.Duration
		b.depths[k] = max(b.depths[k], depth)
	})
	for k, sum := range sums {
		b.durations[k] = append(b.durations[k], sum)
	}
	b.rank(order)
}

// rank keeps the order.
func (b *spanBuilder) rank(order []spanKey) {
	if len(order) > b.richest {
		b.richest = len(order)
		b.order, order = order, b.order
	}
	for _, k := range order {
		if !slices.Contains(b.order, k) {
			b.order = append(b.order, k)
		}
	}
}

func (b *spanBuilder) spans() []Span {
	var list []Span
	for _, k := range b.order {
		all := stat.NewSet(b.durations[k], nil)
		list = append(list, Span{Service: k.service, Name: k.name, Depth: b.depths[k], Samples: all.N(), Median: all.Quantile(0.5).Latency})
	}
	return list
}

// nest visits each span after the span that it is part of, and the parts of one span
// in the order in which they began. A span whose parent is missing is visited as if it
// were part of no other.
func nest(spans []record.Span, visit func(s record.Span, depth int)) {
	there := map[string]bool{}
	for _, s := range spans {
		there[s.ID] = s.ID != ""
	}
	parts := map[string][]record.Span{}
	for _, s := range spans {
		whole := ""
		if there[s.Parent] {
			whole = s.Parent
		}
		parts[whole] = append(parts[whole], s)
	}
	var descend func(whole string, depth int)
	descend = func(whole string, depth int) {
		list := parts[whole]
		delete(parts, whole) // two spans may have the same id
		slices.SortStableFunc(list, func(a, b record.Span) int { return cmp.Compare(a.Start, b.Start) })
		for _, s := range list {
			visit(s, depth)
			if s.ID != "" {
				descend(s.ID, depth+1)
			}
		}
	}
	descend("", 0)
}

// trace stands for the ID of a trace. It is a hash, as there may be millions.
type trace uint64

func traceOf(id string) trace {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id) // a hash takes everything
	return trace(h.Sum64())
}

// tracing joins the spans of one run to the cells of its samples. Either may come
// first.
type tracing struct {
	spans map[trace][]record.Span
	cells []tracedCell
}

type tracedCell struct {
	trace trace
	cell  *cellBuilder
}

func (t *tracing) addSample(s *record.Sample, b *cellBuilder) {
	if s.TraceID == "" || !tells(s) {
		return
	}
	t.cells = append(t.cells, tracedCell{traceOf(s.TraceID), b})
	for i := range s.Spans {
		t.add(s.TraceID, s.Spans[i])
	}
}

// tells says that the spans of a sample are those of a cold start that was answered. In
// older runs the starts that make the quantiles are traced.
func tells(s *record.Sample) bool {
	return IsAnswered(s) || s.Traced && s.Cold == record.Proven && !s.Failed() && !s.SpoiledByPull()
}

func (t *tracing) addSpan(s *record.TraceSpan) { t.add(s.TraceID, s.Span) }

func (t *tracing) add(id string, s record.Span) {
	if t.spans == nil {
		t.spans = map[trace][]record.Span{}
	}
	k := traceOf(id)
	t.spans[k] = append(t.spans[k], s)
}

// finish gives each cell the spans of its samples, and forgets them: those of a run
// of millions are many.
func (t *tracing) finish() {
	for _, c := range t.cells {
		if spans := t.spans[c.trace]; len(spans) > 0 {
			c.cell.spans.add(spans)
		}
	}
	*t = tracing{}
}
