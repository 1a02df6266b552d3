package export

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metricsv1 "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
)

const secret = "Bearer s3cr3t-t0ken"

func set() *metric.Set {
	return &metric.Set{Version: "v1", Start: time.Unix(10, 0), End: time.Unix(20, 0), Families: []metric.Family{
		{Name: "starts", Help: "Starts.", Kind: metric.Counter, Points: []metric.Point{{Value: 3, Labels: []metric.Label{{Name: "outcome", Value: "ok"}}}}},
	}}
}

// env is an environment of these variables alone.
func env(variables ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(variables); i += 2 {
			if variables[i] == name {
				return variables[i+1]
			}
		}
		return ""
	}
}

// receiver answers every request alike and keeps the last one.
type receiver struct {
	*httptest.Server
	path   string
	header http.Header
	body   []byte
}

func receive(t *testing.T, status int, kind, answer string) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.path, r.header = req.URL.Path, req.Header
		r.body, _ = io.ReadAll(req.Body) // what is missing is seen in the body
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "http://elsewhere.invalid/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer) // the client may be gone
	}))
	t.Cleanup(r.Close)
	return r
}

func send(t *testing.T, endpoint string, getenv func(string) string) (string, error) {
	t.Helper()
	target, err := NewTarget(endpoint, getenv)
	if err != nil {
		t.Fatal(err)
	}
	return target.Send(t.Context(), set())
}

func TestSend(t *testing.T) {
	r := receive(t, 200, contentType, "")
	message, err := send(t, r.URL+"/below", env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cr3t-t0ken, x-scope = a"))
	if err != nil || message != "" {
		t.Fatalf("%q, %v", message, err)
	}
	if r.path != "/below/v1/metrics" || r.header.Get("Authorization") != secret || r.header.Get("X-Scope") != "a" || r.header.Get("Content-Type") != contentType {
		t.Errorf("request to %s with %v", r.path, r.header)
	}
	var got metricsv1.MetricsData
	if err := proto.Unmarshal(r.body, &got); err != nil {
		t.Fatal(err)
	}
	m := got.ResourceMetrics[0].ScopeMetrics[0].Metrics[0]
	p := m.GetSum().GetDataPoints()[0]
	if m.Name != "kn_coldstart.starts" || p.GetAsDouble() != 3 || p.StartTimeUnixNano != 10e9 || p.TimeUnixNano != 20e9 {
		t.Errorf("sent %v", m)
	}
}

func TestWhereTo(t *testing.T) {
	for _, c := range []struct {
		name, endpoint string
		env            []string
		want           string
	}{
		{"nothing is said", "", nil, "http://localhost:4318/v1/metrics"},
		{"a base", "", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://o.test/otlp/"}, "https://o.test/otlp/v1/metrics"},
		{"for metrics, as it is", "", []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://o.test", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m.test/in"}, "http://m.test/in"},
		{"the flag before all", "http://f.test", []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m.test/in"}, "http://f.test/v1/metrics"},
		{"the flag with the path", "http://f.test/v1/metrics", nil, "http://f.test/v1/metrics"},
		{"a password and a query are not shown", "http://me:pw@f.test/?key=k", nil, "http://f.test/v1/metrics"},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, err := NewTarget(c.endpoint, env(c.env...))
			if err != nil || target.String() != c.want {
				t.Errorf("%v, %v, want %s", target, err, c.want)
			}
		})
	}
}

func TestWrongSettings(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.pem")
	if err := os.WriteFile(broken, []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, variables := range map[string][]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL is grpc: ":               {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
		"OTEL_EXPORTER_OTLP_HEADERS: entry 2 is not ":         {"OTEL_EXPORTER_OTLP_HEADERS", "a=b,s3cr3t"},
		"OTEL_EXPORTER_OTLP_HEADERS: entry 1 is not ":         {"OTEL_EXPORTER_OTLP_HEADERS", "a=s3cr3t%0D%0Ab"},
		"OTEL_EXPORTER_OTLP_ENDPOINT is no URL ":              {"OTEL_EXPORTER_OTLP_ENDPOINT", "s3cr3t@localhost:4318"},
		"OTEL_EXPORTER_OTLP_TIMEOUT is \"1s\": want millisec": {"OTEL_EXPORTER_OTLP_TIMEOUT", "1s"},
		"OTEL_EXPORTER_OTLP_CERTIFICATE: no certificate in ":  {"OTEL_EXPORTER_OTLP_CERTIFICATE", broken},
	} {
		_, err := NewTarget("", env(variables...))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// partial is the answer of a receiver that took only some.
func partial(rejected uint64, text string) string {
	inner := protowire.AppendVarint(protowire.AppendTag(nil, rejectedPoints, protowire.VarintType), rejected)
	inner = protowire.AppendString(protowire.AppendTag(inner, errorMessage, protowire.BytesType), text)
	return string(protowire.AppendBytes(protowire.AppendTag(nil, partialSuccess, protowire.BytesType), inner))
}

// No answer, and no failure, shows a header or a password.
func TestAnswers(t *testing.T) {
	status := string(protowire.AppendString(protowire.AppendTag(nil, statusMessage, protowire.BytesType), "out of order"))
	for _, c := range []struct {
		name         string
		status       int
		kind, answer string
		message, err string
	}{
		{"some refused", 200, contentType, partial(2, "too old"), "", "refused 2 points: too old"},
		{"a warning", 200, contentType, partial(0, "soon\n no more"), "soon no more", ""},
		{"not found", 404, "text/plain", "404 page not found\n", "", "answered 404 Not Found: 404 page not found"},
		{"a status", 400, contentType, status, "", "answered 400 Bad Request: out of order"},
		{"a broken status", 400, contentType, "\x12\xff", "", "answered 400 Bad Request"},
		{"the header comes back", 401, "text/plain", "bad " + secret, "", "answered 401 Unauthorized: bad (a header)"},
		{"elsewhere", 302, "text/plain", "", "", "answered 302 Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := receive(t, c.status, c.kind, c.answer)
			endpoint := strings.Replace(r.URL, "http://", "http://me:pa55word@", 1)
			message, err := send(t, endpoint, env("OTEL_EXPORTER_OTLP_HEADERS", "x-key="+secret))
			if message != c.message || c.err == "" && err != nil {
				t.Fatalf("%q, %v", message, err)
			}
			if c.err == "" {
				return
			}
			if want := "send metrics to " + r.URL + "/v1/metrics: the receiver " + c.err; err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	r := receive(t, 200, contentType, "")
	r.Close()
	_, err := send(t, strings.Replace(r.URL, "http://", "http://me:pa55word@", 1), env())
	if err == nil || strings.Contains(err.Error(), "pa55word") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
}

func TestTheReceiverTakesTooLong(t *testing.T) {
	done := make(chan struct{})
	r := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	defer r.Close()
	defer close(done)
	if _, err := send(t, r.URL, env("OTEL_EXPORTER_OTLP_TIMEOUT", "50")); err == nil || !os.IsTimeout(unwrapped(err)) {
		t.Errorf("error %v", err)
	}
}

func unwrapped(err error) error {
	if inner, ok := err.(interface{ Unwrap() error }); ok {
		return inner.Unwrap()
	}
	return err
}

// A receiver whose certificate an authority of one's own has signed.
func TestCertificate(t *testing.T) {
	r := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer r.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, r.URL, env("OTEL_EXPORTER_OTLP_CERTIFICATE", file)); err != nil {
		t.Error(err)
	}
	if _, err := send(t, r.URL, env()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without it: %v", err)
	}
}
