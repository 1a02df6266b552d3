package loadgen

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// functionBody is what the function answers from a pod.
func functionBody(pod string) string {
	b, err := json.Marshal(record.Function{Pod: pod, Nonce: "n-" + pod, Requests: 1})
	if err != nil {
		panic(err)
	}
	return string(b)
}

const revision = "h-1-00001"

func targetAt(address string) record.Target {
	return record.Target{
		RuntimeClass: "runc", Namespace: "bench", Service: "h-1", Revision: revision,
		Host: "h-1.bench.example.com", Address: address,
	}
}

func newClient(timeout time.Duration) *Client {
	return &Client{Clock: record.NewClock(), Timeout: timeout}
}

// send makes one request that must not be interrupted.
func send(t *testing.T, c *Client, to record.Target) record.Sample {
	t.Helper()
	s, err := c.Send(t.Context(), to, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listen answers connections with a raw function after their request was read.
// It counts the requests.
func listen(t *testing.T, answer func(net.Conn)) (address string, requests *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	requests = new(atomic.Int64)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
					return
				}
				requests.Add(1)
				answer(conn)
			}()
		}
	}()
	return l.Addr().String(), requests
}

func TestSend(t *testing.T) {
	const delay = 20 * time.Millisecond
	requests := make(chan *http.Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		time.Sleep(delay)
		io.WriteString(w, functionBody(revision+"-deployment-abc-xyz"))
	}))
	defer server.Close()
	to := targetAt(server.Listener.Addr().String())
	to.Path = "/work?n=1"
	c := newClient(time.Minute)
	intended := c.Clock.Now()
	s, err := c.Send(t.Context(), to, intended)
	if err != nil {
		t.Fatal(err)
	}
	if s.Outcome != record.OK || s.Status != 200 || s.Error != "" || s.Cold != record.Unknown {
		t.Errorf("got %s, status %d, error %q, %s", s.Outcome, s.Status, s.Error, s.Cold)
	}
	if got := <-requests; got.Host != to.Host || got.URL.RequestURI() != to.Path || got.Method != http.MethodGet {
		t.Errorf("asked for %s %s%s", got.Method, got.Host, got.URL)
	}
	if s.Function == nil || s.Instance == nil || s.Instance.Pod != s.Function.Pod {
		t.Errorf("function %+v, instance %+v", s.Function, s.Instance)
	}
	if !slices.IsSorted([]time.Duration{intended, s.Sent, s.Connected, s.Wrote, s.FirstByte, s.Done}) {
		t.Errorf("instants out of order: %+v", s)
	}
	if s.ResponseLatency != s.Done-s.Sent || s.TTFB != s.FirstByte-s.Sent || s.TTFB < delay {
		t.Errorf("response latency %v, ttfb %v", s.ResponseLatency, s.TTFB)
	}
}

// TestSendExactly measures known times on a clock that only moves when all wait:
// what is not exact there is an error of the arithmetic.
func TestSendExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const connecting, answering, body = time.Second, 1500 * time.Millisecond, 250 * time.Millisecond
		c := newClient(time.Minute)
		c.Dial = func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(connecting)
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				http.ReadRequest(bufio.NewReader(theirs))
				time.Sleep(answering)
				text := functionBody(revision + "-deployment-a")
				fmt.Fprintf(theirs, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(text))
				time.Sleep(body)
				io.WriteString(theirs, text)
			}()
			return ours, nil
		}
		time.Sleep(3 * time.Second)
		s, err := c.Send(t.Context(), targetAt("ingress:80"), 2*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		type times struct{ lateness, sent, connected, wrote, firstByte, done, latency, ttfb time.Duration }
		got := times{s.Lateness(), s.Sent, s.Connected, s.Wrote, s.FirstByte, s.Done, s.ResponseLatency, s.TTFB}
		want := times{
			lateness: time.Second, sent: 3 * time.Second, connected: 4 * time.Second, wrote: 4 * time.Second,
			firstByte: 5500 * time.Millisecond, done: 5750 * time.Millisecond,
			latency: 2750 * time.Millisecond, ttfb: 2500 * time.Millisecond,
		}
		if got != want || s.Outcome != record.OK {
			t.Errorf("got %s %+v\nwant %+v", s.Outcome, got, want)
		}
	})
}

func TestTimeoutIsCensoredExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(100 * time.Second)
		c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go io.Copy(io.Discard, theirs)
			return ours, nil
		}
		s, err := c.Send(t.Context(), targetAt("ingress:80"), 0)
		if err != nil {
			t.Fatal(err)
		}
		if s.Outcome != record.Timeout || !s.Censored() || s.ResponseLatency != c.Timeout || s.FirstByte != 0 {
			t.Errorf("got %s after %v, first byte %v", s.Outcome, s.ResponseLatency, s.FirstByte)
		}
		c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if s, _ = c.Send(t.Context(), targetAt("ingress:80"), 0); s.Outcome != record.Timeout || s.ResponseLatency != c.Timeout {
			t.Errorf("while connecting: got %s after %v", s.Outcome, s.ResponseLatency)
		}
	})
}

func TestFreshConnections(t *testing.T) {
	remote := make(chan string, 3)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remote <- r.RemoteAddr
		io.WriteString(w, functionBody(revision+"-a"))
	}))
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	c := newClient(time.Minute)
	for range 3 {
		if s := send(t, c, targetAt(server.Listener.Addr().String())); s.Outcome != record.OK {
			t.Fatalf("got %s: %s", s.Outcome, s.Error)
		}
	}
	if a, b, c := <-remote, <-remote, <-remote; a == b || b == c || a == c {
		t.Errorf("connections came from %s, %s and %s", a, b, c)
	}
}

func TestPreconnect(t *testing.T) {
	address, requests := listen(t, respond("200 OK", functionBody(revision+"-a")))
	r, err := newClient(time.Minute).Prepare(targetAt(address))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := r.Send(t.Context(), 0)
	if err != nil || s.Outcome != record.OK || requests.Load() != 1 {
		t.Fatalf("got %s, %v, %d requests", s.Outcome, err, requests.Load())
	}
	if s.Connected == 0 || s.Connected > s.Sent || s.Sent > s.Wrote {
		t.Errorf("connected %v, sent %v, wrote %v", s.Connected, s.Sent, s.Wrote)
	}
}

func TestPreconnectFails(t *testing.T) {
	r, err := newClient(time.Minute).Prepare(targetAt(closedPort(t)))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Connect(t.Context()); err == nil {
		t.Fatal("connected to a port on which nothing listens")
	}
	if s, err := r.Send(t.Context(), 0); err != nil || s.Outcome != record.Refused {
		t.Errorf("got %s, %v", s.Outcome, err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address, requests := listen(t, func(conn net.Conn) {
		cancel()
		io.Copy(io.Discard, conn)
	})
	_, err := newClient(time.Hour).Send(ctx, targetAt(address), 0)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "bench/h-1") {
		t.Errorf("got error %v", err)
	}
	if _, err := newClient(time.Hour).Send(ctx, targetAt(address), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("after the interruption: got error %v", err)
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests were sent", requests.Load())
	}
}

func TestPrepareRefuses(t *testing.T) {
	good := targetAt("127.0.0.1:80")
	for name, change := range map[string]func(*Client, *record.Target){
		"no timeout":    func(c *Client, _ *record.Target) { c.Timeout = 0 },
		"no address":    func(_ *Client, t *record.Target) { t.Address = "" },
		"no host":       func(_ *Client, t *record.Target) { t.Host = "" },
		"relative path": func(_ *Client, t *record.Target) { t.Path = "work" },
		"line break":    func(_ *Client, t *record.Target) { t.Path = "/a\r\nX: y" },
	} {
		t.Run(name, func(t *testing.T) {
			c, to := newClient(time.Second), good
			change(c, &to)
			if _, err := c.Prepare(to); err == nil || !strings.Contains(err.Error(), "bench/h-1") {
				t.Errorf("got error %v", err)
			}
		})
	}
}
