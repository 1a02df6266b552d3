package otlp

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func post(r *Receiver, body []byte, encoding string) int {
	q := httptest.NewRequest("POST", r.path, bytes.NewReader(body))
	q.Header["Content-Type"], q.Header["Content-Encoding"] = []string{contentType}, []string{encoding}
	w := httptest.NewRecorder()
	r.serve(w, q)
	return w.Code
}

func marshal(t testing.TB, spans ...*tracev1.Span) []byte {
	t.Helper()
	b, err := proto.Marshal(&tracev1.TracesData{ResourceSpans: []*tracev1.ResourceSpans{resource(nil, spans...)}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Two bytes are an empty message of field 1: 16 KB of gzip say eight million of them.
func TestABombTakesLittleMemory(t *testing.T) {
	for _, c := range []struct {
		name   string
		size   int
		status int
	}{{"above the limit", 16 << 20, 413}, {"at the limit", maxBody, 200}} {
		t.Run(c.name, func(t *testing.T) {
			r := newReceiver(isKnown, func(record.TraceSpan) { t.Error("a span was taken") })
			bomb := packed(t, bytes.Repeat([]byte{0x0a, 0}, c.size/2))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if got := post(r, bomb, "gzip"); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 16*maxBody {
				t.Errorf("%d bytes made it allocate %d MB", len(bomb), took>>20)
			}
		})
	}
}

func TestSpansAreLimited(t *testing.T) {
	of := func(n int) []byte {
		spans := make([]*tracev1.Span, n)
		for i := range spans {
			spans[i] = &tracev1.Span{TraceId: traceID, SpanId: spanID(1)}
		}
		return marshal(t, spans...)
	}
	taken := 0
	r := newReceiver(isKnown, func(record.TraceSpan) { taken++ })
	if got := post(r, of(maxSpans+1), ""); got != 413 || taken != 0 {
		t.Errorf("a batch too large: status %d, %d spans", got, taken)
	}
	for range 2 {
		if got := post(r, of(maxTraceSpans-1), ""); got != 200 {
			t.Errorf("status %d", got)
		}
	}
	if taken != maxTraceSpans {
		t.Errorf("took %d spans of one trace, want %d", taken, maxTraceSpans)
	}
}

func TestTextsAreLimited(t *testing.T) {
	long := strings.Repeat("é", maxText)
	var got record.TraceSpan
	r := newReceiver(isKnown, func(s record.TraceSpan) { got = s })
	post(r, marshal(t, &tracev1.Span{TraceId: traceID, SpanId: spanID(1), Name: "x" + long,
		Status: &tracev1.Status{Code: tracev1.Status_STATUS_CODE_ERROR, Message: long}}), "")
	if len(got.Name) != maxText-1 || len(got.Error) != maxText || !utf8.ValidString(got.Name) {
		t.Errorf("a name of %d bytes, an error of %d", len(got.Name), len(got.Error))
	}
}

// stuck is a body that does not come.
type stuck struct{ release chan struct{} }

func (s stuck) Read([]byte) (int, error) { <-s.release; return 0, errors.New("gone") }

func TestFewBatchesAreReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(isKnown, func(record.TraceSpan) {})
		s := stuck{make(chan struct{})}
		for range maxRequests {
			go func() {
				q := httptest.NewRequest("POST", r.path, s)
				q.Header.Set("Content-Type", contentType)
				r.serve(httptest.NewRecorder(), q)
			}()
		}
		synctest.Wait()
		answered := false
		go func() { post(r, nil, ""); answered = true }()
		synctest.Wait()
		if answered {
			t.Error("one batch more was read")
		}
		close(s.release)
		synctest.Wait()
		if !answered {
			t.Error("the batch that waited was not read")
		}
	})
}

func TestOnlyWhoKnowsThePathCanSend(t *testing.T) {
	var got int
	r, err := Listen("127.0.0.1:0", isKnown, func(record.TraceSpan) { got++ })
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	other := newReceiver(isKnown, nil)
	for _, path := range []string{"/v1/traces", other.path, "//v1/traces", "/"} {
		answer, err := http.Post("http://"+r.Address()+path, contentType, bytes.NewReader(encoded(t)))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 404 || got != 0 {
			t.Errorf("%s: status %d, %d spans", path, answer.StatusCode, got)
		}
	}
}

// FuzzReceiver: whatever is sent is either taken or refused, and what is taken
// are spans of the known trace, with texts that are not too long.
func FuzzReceiver(f *testing.F) {
	f.Add(encoded(f), "")
	f.Add(encoded(f)[:20], "gzip")
	f.Add([]byte{0x1f, 0x8b}, "gzip")
	r := newReceiver(isKnown, func(s record.TraceSpan) {
		if s.TraceID != known || s.Service == "" || len(s.ID) != 16 || len(s.Name) > maxText || !utf8.ValidString(s.Name) {
			panic(s)
		}
	})
	f.Fuzz(func(t *testing.T, body []byte, encoding string) {
		clear(r.taken)
		if got := post(r, body, encoding); got != 200 && got != 400 && got != 413 {
			t.Errorf("status %d", got)
		}
	})
}
