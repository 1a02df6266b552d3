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
			&tracev1.Span{TraceId: []byte{1, 2}, SpanId: []byte{3}, Name: "throttler_try", StartTimeUnixNano: 1e18, EndTimeUnixNano: 1e18 + 5,
				Status: &tracev1.Status{Code: tracev1.Status_STATUS_CODE_ERROR, Message: "context deadline exceeded"}}),
		resource([]*commonv1.KeyValue{attribute("service.name", "h-1"), attribute("container.name", "queue-proxy"), attribute("k8s.pod.name", "h-1-00001-deployment-abc-x")},
			&tracev1.Span{TraceId: []byte{1, 2}, SpanId: []byte{4}, ParentSpanId: []byte{3}, Name: "GET", StartTimeUnixNano: 7, EndTimeUnixNano: 6},
			&tracev1.Span{Status: &tracev1.Status{Code: tracev1.Status_STATUS_CODE_ERROR}}),
		resource(nil),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var decoded = []record.TraceSpan{
	{TraceID: "0102", Span: record.Span{Service: "activator", Name: "throttler_try", Start: 1e18, Duration: 5, ID: "03", Error: "context deadline exceeded"}},
	{TraceID: "0102", Span: record.Span{Service: "queue-proxy", Pod: "h-1-00001-deployment-abc-x", Name: "GET", Start: 7, Duration: -1, ID: "04", Parent: "03"}},
	{Span: record.Span{Service: "queue-proxy", Pod: "h-1-00001-deployment-abc-x", Error: "failed"}},
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
	r, err := Listen("127.0.0.1:0", func(s record.TraceSpan) { got = append(got, s) })
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !strings.HasPrefix(r.Endpoint(), "http://127.0.0.1:") || !strings.HasSuffix(r.Endpoint(), "/v1/traces") {
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
		{"another method", "GET", "application/x-protobuf", "", nil, 405, 0},
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
	r, err := Listen("127.0.0.1:0", func(s record.TraceSpan) { spans <- s })
	if err != nil {
		t.Fatal(err)
	}
	serve := r.server.Handler.ServeHTTP
	post := func() int {
		q := httptest.NewRequest("POST", path, bytes.NewReader(encoded(t)))
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
	if _, err := Listen("192.0.2.1:0", nil); err == nil || !strings.HasPrefix(err.Error(), "listen for traces: ") {
		t.Errorf("got %v", err)
	}
}

// FuzzReceiver: whatever is sent is either taken or refused, and what is taken
// are spans.
func FuzzReceiver(f *testing.F) {
	f.Add(encoded(f), "")
	f.Add(encoded(f)[:20], "gzip")
	f.Add([]byte{0x1f, 0x8b}, "gzip")
	r := &Receiver{onSpan: func(s record.TraceSpan) {
		if s.Service == "" {
			panic("a span of no service")
		}
	}}
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		q := httptest.NewRequest("POST", path, bytes.NewReader(body))
		q.Header["Content-Type"], q.Header["Content-Encoding"] = []string{contentType}, []string{encoding}
		w := httptest.NewRecorder()
		r.serve(w, q)
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("status %d", w.Code)
		}
	})
}
