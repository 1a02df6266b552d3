package loadgen

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// respond answers with a status and a body.
func respond(status, body string) func(net.Conn) {
	return raw(fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body))
}

func raw(text string) func(net.Conn) {
	return func(conn net.Conn) { io.WriteString(conn, text) }
}

// reset breaks the connection in such a way that the client sees a reset.
func reset(conn net.Conn) { conn.(*net.TCPConn).SetLinger(0) }

// hang keeps the connection open until the client has gone.
func hang(conn net.Conn) { io.Copy(io.Discard, conn) }

func then(first, second func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) { first(conn); second(conn) }
}

// closedPort is an address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestOutcomes(t *testing.T) {
	ours := functionBody(revision + "-deployment-7d8-x")
	const brief = 300 * time.Millisecond // for what times out anyway
	for _, test := range []struct {
		name    string
		answer  func(net.Conn)
		timeout time.Duration
		want    record.Outcome
		status  int
		text    string
	}{
		{name: "ok", answer: respond("200 OK", ours), want: record.OK, status: 200},
		{name: "body without length", answer: raw("HTTP/1.1 200 OK\r\n\r\n" + ours), want: record.OK, status: 200},
		{
			name: "informational first", want: record.OK, status: 200,
			answer: then(raw("HTTP/1.1 103 Early Hints\r\n\r\n"), respond("200 OK", ours)),
		},
		{
			name: "chunked", want: record.OK, status: 200,
			answer: raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(ours), ours)),
		},
		{name: "no answer", answer: hang, timeout: brief, want: record.Timeout, text: "not answered within 300ms"},
		{
			name: "answer stops", timeout: brief, want: record.Timeout, status: 200,
			answer: then(raw("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"), hang),
		},
		{name: "reset", answer: reset, want: record.Reset, text: "before the answer"},
		{name: "closed", answer: func(net.Conn) {}, want: record.Reset, text: "before the answer"},
		{
			name: "closed in the body", want: record.Reset, status: 200, text: "in the middle of the answer",
			answer: raw("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"),
		},
		{name: "500", answer: respond("500 Internal Server Error", "oh\n no"), want: record.HTTP, status: 500, text: "status 500: oh no"},
		{name: "504 without a body", answer: respond("504 Gateway Timeout", ""), want: record.HTTP, status: 504, text: "an empty body"},
		{
			name: "redirect", want: record.HTTP, status: 302, text: "redirects to /elsewhere, and redirects are not followed",
			answer: raw("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
		},
		{name: "not JSON", answer: respond("200 OK", "<h1>It works</h1>"), want: record.OK, status: 200},
		{name: "another JSON", answer: respond("200 OK", `{"pod":"of-another-program"}`), want: record.OK, status: 200},
		{name: "a large body", answer: respond("200 OK", strings.Repeat("x", 3*maxBody)), want: record.OK, status: 200},
		{name: "204", answer: raw("HTTP/1.1 204 No Content\r\n\r\n"), want: record.OK, status: 204},
		{
			name: "another service", want: record.WrongInstance, status: 200, text: "h-10-00001-deployment-a",
			answer: respond("200 OK", functionBody("h-10-00001-deployment-a")),
		},
		{name: "not HTTP", answer: raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"), want: record.Error, text: "malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			address, requests := listen(t, test.answer)
			timeout := time.Minute
			if test.timeout > 0 {
				timeout = test.timeout
			}
			s := send(t, newClient(timeout), targetAt(address))
			if s.Outcome != test.want || s.Status != test.status || !strings.Contains(s.Error, test.text) {
				t.Errorf("got %s, status %d, %q", s.Outcome, s.Status, s.Error)
			}
			if s.Failed() != (s.Error != "") {
				t.Errorf("outcome %s with error %q", s.Outcome, s.Error)
			}
			if requests.Load() != 1 {
				t.Errorf("%d requests were sent: one request, one outcome", requests.Load())
			}
			if s.Censored() && s.ResponseLatency < timeout {
				t.Errorf("gave up after %v, before the timeout of %v", s.ResponseLatency, timeout)
			}
			if s.ResponseLatency != s.Done-s.Sent || s.Done < s.FirstByte {
				t.Errorf("sent %v, first byte %v, done %v, latency %v", s.Sent, s.FirstByte, s.Done, s.ResponseLatency)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	s := send(t, newClient(time.Minute), targetAt(closedPort(t)))
	if s.Outcome != record.Refused || s.Connected != 0 || s.Wrote != 0 || s.Done == 0 {
		t.Errorf("got %s (%s), connected %v, wrote %v", s.Outcome, s.Error, s.Connected, s.Wrote)
	}
}

func TestBelongs(t *testing.T) {
	long := strings.Repeat("service-of-a-long-name-", 3)[:60] + "-00001"
	for _, test := range []struct {
		pod, revision, service string
		want                   bool
	}{
		{"h-1-00001-deployment-7d8-x", "h-1-00001", "h-1", true},
		{"h-1-00002-deployment-7d8-x", "h-1-00001", "h-1", false},
		{"h-10-00001-deployment-7d8-x", "h-1-00001", "h-1", false},
		{"h-1-00001", "h-1-00001", "h-1", false},
		{"h-1-00001-deployment-7d8-x", "", "h-1", true},
		{"h-10-00001-deployment-7d8-x", "", "h-1", false},
		{long[:20] + "0123456789abcdef0123456789abcdef-deployment-7d8-x", long, "", true},
		{"other", long, "", false},
	} {
		to := record.Target{Revision: test.revision, Service: test.service}
		if got := belongs(test.pod, to); got != test.want {
			t.Errorf("pod %s of revision %q, service %q: got %v", test.pod, test.revision, test.service, got)
		}
	}
}

func TestExcerpt(t *testing.T) {
	for body, want := range map[string]string{
		"":                        "an empty body",
		" \n":                     "an empty body",
		"a\nb":                    "a b",
		"\xff":                    "?",
		strings.Repeat("ä", 1000): strings.Repeat("ä", 80) + "…",
	} {
		if got := excerpt([]byte(body)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
