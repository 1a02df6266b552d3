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
			from := sourceOf(resource.GetResource().GetAttributes())
			for _, scope := range resource.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					if !yield(span(from, s)) {
						return
					}
				}
			}
		}
	}
}

// source is who reports spans: a component of Knative, and the pod of a queue-proxy.
type source struct{ service, pod string }

// sourceOf reads who reports. A queue-proxy gives the name of the Knative Service that
// it belongs to, so the name of its container comes first: that is the same for all
// queue-proxies. Which pod it runs in is kept of queue-proxies only, because it tells
// which instance served a request.
func sourceOf(attributes []*commonv1.KeyValue) source {
	named := map[string]string{}
	for _, a := range attributes {
		named[a.GetKey()] = a.GetValue().GetStringValue()
	}
	from := source{service: cmp.Or(named["container.name"], named["k8s.container.name"], named["service.name"], "unknown")}
	if from.service == record.QueueProxy {
		from.pod = named["k8s.pod.name"]
	}
	return from
}

func span(from source, s *tracev1.Span) record.TraceSpan {
	return record.TraceSpan{TraceID: hex.EncodeToString(s.GetTraceId()), Span: record.Span{
		Service: from.service, Pod: from.pod, Name: s.GetName(),
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
