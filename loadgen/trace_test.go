package loadgen

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"
)

func TestATracedRequestNamesItsTrace(t *testing.T) {
	headers := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		io.WriteString(w, functionBody(revision+"-deployment-abc-xyz"))
	}))
	defer server.Close()
	to := targetAt(server.Listener.Addr().String())
	c := newClient(time.Minute)

	if s := send(t, c, to); s.TraceID != "" || (<-headers).Get("traceparent") != "" {
		t.Errorf("traced without being asked to: %q", s.TraceID)
	}
	const id = "0af7651916cd43dd8448eb211c80319c"
	c.TraceID = func() string { return id }
	s := send(t, c, to)
	if s.TraceID != id {
		t.Errorf("the sample's trace is %q", s.TraceID)
	}
	form := regexp.MustCompile("^00-" + id + "-[0-9a-f]{16}-01$")
	if got := (<-headers).Get("traceparent"); !form.MatchString(got) {
		t.Errorf("traceparent %q", got)
	}
	to.TraceID = id
	c.TraceID = func() string { t.Error("the target's trace is not taken"); return "" }
	if s := send(t, c, to); s.TraceID != id || !form.MatchString((<-headers).Get("traceparent")) {
		t.Errorf("the sample's trace is %q", s.TraceID)
	}
}

// A client that is not asked to trace pays nothing for it.
func TestNotTracingCostsNothing(t *testing.T) {
	to, c := targetAt("127.0.0.1:1"), newClient(time.Minute)
	prepare := func() {
		if _, err := c.Prepare(to); err != nil {
			t.Fatal(err)
		}
	}
	off := testing.AllocsPerRun(100, prepare)
	c.TraceID = func() string { return "0af7651916cd43dd8448eb211c80319c" }
	if on := testing.AllocsPerRun(100, prepare); off >= on {
		t.Errorf("%v allocations without a trace, %v with one", off, on)
	}
}
