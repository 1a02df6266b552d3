package record

import (
	"cmp"
	"slices"
	"time"
)

// QueueProxy is the Service of the spans that an instance's queue-proxy reports.
const QueueProxy = "queue-proxy"

// Span is one span of a distributed trace that belongs to the request.
type Span struct {
	// Service is the component that reports it: "activator", "queue-proxy".
	Service string `json:"service"`
	// Pod is the hostname of the pod that a queue-proxy reports from.
	Pod  string `json:"pod,omitempty"`
	Name string `json:"name"`
	// Start is Unix nanoseconds of the reporting component's wall clock.
	Start    int64         `json:"startUnixNs"`
	Duration time.Duration `json:"durationNs"`
	// ID and Parent are 16 hexadecimal digits each. Parent is the ID of the span that this
	// one is part of. The parent of a first span is the request itself, which has no span.
	ID     string `json:"spanId,omitempty"`
	Parent string `json:"parentSpanId,omitempty"`
	// Error is why it failed.
	Error string `json:"error,omitempty"`
}

// TraceSpan is the line of a span in the file. It belongs to the sample of the same
// trace, and may stand before that sample or long after it.
type TraceSpan struct {
	Type    Type   `json:"type"`
	TraceID string `json:"traceId"`
	Span
}

// join gives each sample its spans and returns those that belong to none.
func join(samples []Sample, spans []TraceSpan) (rest []TraceSpan) {
	at := map[string]int{}
	for i := range samples {
		if id := samples[i].TraceID; id != "" && len(spans) > 0 {
			at[id] = i
		}
	}
	for _, s := range spans {
		i, ok := at[s.TraceID]
		if !ok {
			rest = append(rest, s)
			continue
		}
		samples[i].Spans = append(samples[i].Spans, s.Span)
	}
	for i := range samples {
		slices.SortStableFunc(samples[i].Spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	}
	return rest
}
