package otlp

import (
	"cmp"
	"encoding/hex"
	"iter"
	"time"

	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// spans yields each span of a batch.
func spans(batch *tracev1.TracesData) iter.Seq[record.TraceSpan] {
	return func(yield func(record.TraceSpan) bool) {
		for _, resource := range batch.GetResourceSpans() {
			service := component(resource.GetResource().GetAttributes())
			for _, scope := range resource.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					if !yield(span(service, s)) {
						return
					}
				}
			}
		}
	}
}

// component is the name of what reports the spans. A queue-proxy gives the name of the
// Knative Service that it belongs to, so the name of its container comes first: that is
// the same for all queue-proxies.
func component(attributes []*commonv1.KeyValue) string {
	named := map[string]string{}
	for _, a := range attributes {
		named[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return cmp.Or(named["container.name"], named["k8s.container.name"], named["service.name"], "unknown")
}

func span(service string, s *tracev1.Span) record.TraceSpan {
	return record.TraceSpan{TraceID: hex.EncodeToString(s.GetTraceId()), Span: record.Span{
		Service: service, Name: s.GetName(),
		Start:    int64(s.GetStartTimeUnixNano()),
		Duration: time.Duration(s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano()),
		ID:       hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Error: failure(s.GetStatus()),
	}}
}

// failure is empty for a span that did not fail.
func failure(s *tracev1.Status) string {
	if s.GetCode() != tracev1.Status_STATUS_CODE_ERROR {
		return ""
	}
	return cmp.Or(s.GetMessage(), "failed")
}
