package otlp

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	resourcev1 "go.opentelemetry.io/proto/otlp/resource/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

var (
	traceID      = bytes.Repeat([]byte{0x12}, 16)
	otherTraceID = bytes.Repeat([]byte{0x34}, 16)
	known        = strings.Repeat("12", 16)
)

func isKnown(id string) bool { return id == known }

func spanID(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }

func attribute(key, value string) *commonv1.KeyValue {
	return &commonv1.KeyValue{Key: key, Value: &commonv1.AnyValue{Value: &commonv1.AnyValue_StringValue{StringValue: value}}}
}

func resource(attributes []*commonv1.KeyValue, spans ...*tracev1.Span) *tracev1.ResourceSpans {
	return &tracev1.ResourceSpans{
		Resource:   &resourcev1.Resource{Attributes: attributes},
		ScopeSpans: []*tracev1.ScopeSpans{{Spans: spans}},
	}
}

// encoded is a batch of two components, with a span that failed.
func encoded(t testing.TB) []byte {
	t.Helper()
	b, err := proto.Marshal(&tracev1.TracesData{ResourceSpans: []*tracev1.ResourceSpans{
		resource([]*commonv1.KeyValue{attribute("service.name", "activator"), attribute("k8s.pod.name", "activator-1")},
			&tracev1.Span{TraceId: traceID, SpanId: spanID(3), Name: "throttler_try", StartTimeUnixNano: 1e18, EndTimeUnixNano: 1e18 + 5,
				Status: &tracev1.Status{Code: tracev1.Status_STATUS_CODE_ERROR, Message: "context deadline exceeded"}}),
		resource([]*commonv1.KeyValue{attribute("service.name", "h-1"), attribute("container.name", "queue-proxy"), attribute("k8s.pod.name", "h-1-00001-deployment-abc-x")},
			&tracev1.Span{TraceId: traceID, SpanId: spanID(4), ParentSpanId: spanID(3), Name: "GET", StartTimeUnixNano: 7, EndTimeUnixNano: 6},
			&tracev1.Span{TraceId: traceID, SpanId: spanID(5), Status: &tracev1.Status{Code: tracev1.Status_STATUS_CODE_ERROR}}),
		resource([]*commonv1.KeyValue{attribute("service.name", "activator")},
			&tracev1.Span{TraceId: otherTraceID, SpanId: spanID(6), Name: "of a trace that nobody began"},
			&tracev1.Span{TraceId: traceID[:15], SpanId: spanID(7), Name: "of no trace"},
			&tracev1.Span{TraceId: traceID, Name: "without an id"}),
		resource(nil),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var decoded = []record.TraceSpan{
	{TraceID: known, Span: record.Span{Service: "activator", Name: "throttler_try", Start: 1e18, Duration: 5, ID: "0000000000000003", Error: "context deadline exceeded"}},
	{TraceID: known, Span: record.Span{Service: "queue-proxy", Pod: "h-1-00001-deployment-abc-x", Name: "GET", Start: 7, Duration: -1, ID: "0000000000000004", Parent: "0000000000000003"}},
	{TraceID: known, Span: record.Span{Service: "queue-proxy", Pod: "h-1-00001-deployment-abc-x", ID: "0000000000000005", Error: "failed"}},
}

func packed(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReceiver(t *testing.T) {
	var got []record.TraceSpan
	r, err := Listen("127.0.0.1:0", isKnown, func(s record.TraceSpan) { got = append(got, s) })
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !strings.HasPrefix(r.Endpoint(), "http://"+r.Address()+"/") || !strings.HasSuffix(r.Endpoint(), "/v1/traces") {
		t.Errorf("endpoint %s", r.Endpoint())
	}
	whole := encoded(t)
	for _, c := range []struct {
		name, method, kind, encoding string
		body                         []byte
		status, spans                int
	}{
		{"plain", "POST", "application/x-protobuf", "", whole, 200, 3},
		{"with a parameter", "POST", "application/x-protobuf; charset=utf-8", "identity", whole, 200, 3},
		{"compressed", "POST", "application/x-protobuf", "gzip", packed(t, whole), 200, 3},
		{"empty", "POST", "application/x-protobuf", "", nil, 200, 0},
		{"JSON", "POST", "application/json", "", []byte("{}"), 415, 0},
		{"no type", "POST", "", "", whole, 415, 0},
		{"another compression", "POST", "application/x-protobuf", "zstd", whole, 400, 0},
		{"not compressed", "POST", "application/x-protobuf", "gzip", whole, 400, 0},
		{"cut off", "POST", "application/x-protobuf", "", whole[:len(whole)-1], 400, 0},
		{"too large", "POST", "application/x-protobuf", "", make([]byte, maxBody+1), 413, 0},
		{"too large once unpacked", "POST", "application/x-protobuf", "gzip", packed(t, make([]byte, maxBody+1)), 413, 0},
		{"another method", "GET", "application/x-protobuf", "", nil, 404, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got = nil
			q, err := http.NewRequest(c.method, r.Endpoint(), bytes.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("Content-Type", c.kind)
			q.Header.Set("Content-Encoding", c.encoding)
			answer, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != c.status {
				t.Errorf("status %d, want %d", answer.StatusCode, c.status)
			}
			if diff := cmp.Diff(append([]record.TraceSpan(nil), decoded[:c.spans]...), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A batch that is being received while the receiver is closed hands nothing on.
func TestNoSpanComesAfterClose(t *testing.T) {
	spans := make(chan record.TraceSpan, 100)
	r, err := Listen("127.0.0.1:0", isKnown, func(s record.TraceSpan) { spans <- s })
	if err != nil {
		t.Fatal(err)
	}
	serve := r.server.Handler.ServeHTTP
	post := func() int {
		q := httptest.NewRequest("POST", r.path, bytes.NewReader(encoded(t)))
		q.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		serve(w, q)
		return w.Code
	}
	if post(); len(spans) != len(decoded) {
		t.Fatalf("%d spans", len(spans))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if post(); len(spans) != len(decoded) {
		t.Errorf("%d spans came after the end", len(spans)-len(decoded))
	}
	client := http.Client{Timeout: time.Second}
	if answer, err := client.Get(r.Endpoint()); err == nil {
		answer.Body.Close()
		t.Error("it still listens")
	}
}

func TestListenSaysWhatFailed(t *testing.T) {
	if _, err := Listen("192.0.2.1:0", nil, nil); err == nil || !strings.HasPrefix(err.Error(), "listen for traces: ") {
		t.Errorf("got %v", err)
	}
}
