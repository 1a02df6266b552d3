package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// world is a service and its ingress in memory. Within a bubble of synctest its times are
// exact.
type world struct {
	clock record.Clock
	// takes is how long the answer to a request that arrives at an instant takes, from
	// then on, and answers what it is.
	takes   func(at time.Duration) time.Duration
	answers func(n int64) string
	// refuses says that no connection is accepted at an instant.
	refuses func(at time.Duration) bool

	dialed, requests atomic.Int64
	serving          sync.WaitGroup
}

func newWorld() *world {
	return &world{
		clock:   record.NewClock(),
		takes:   func(time.Duration) time.Duration { return 10 * time.Millisecond },
		answers: func(n int64) string { return answerOf("h-1-00001-deployment-a", n) },
		refuses: func(time.Duration) bool { return false },
	}
}

// answerOf is the answer of the function from a pod.
func answerOf(pod string, n int64) string {
	body, err := json.Marshal(record.Function{Pod: pod, Nonce: "n-" + pod, Requests: n})
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func (w *world) dial(context.Context, string, string) (net.Conn, error) {
	if w.refuses(w.clock.Now()) {
		return nil, fmt.Errorf("no connection is accepted")
	}
	w.dialed.Add(1)
	ours, theirs := net.Pipe()
	w.serving.Go(func() { w.serve(theirs) })
	return ours, nil
}

// serve answers one request after the other.
func (w *world) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		n := w.requests.Add(1)
		time.Sleep(w.takes(w.clock.Now()))
		if _, err := conn.Write([]byte(w.answers(n))); err != nil {
			return
		}
	}
}

func (w *world) client() *loadgen.Client {
	return &loadgen.Client{Clock: w.clock, Timeout: 30 * time.Second, Dial: w.dial}
}

func target() record.Target {
	return record.Target{RuntimeClass: "runc", Namespace: "bench", Service: "h-1", Revision: "h-1-00001", Host: "h-1.bench.example.com", Address: "ingress:80"}
}

// loop is an open loop on the world.
func (w *world) loop(t *testing.T, rate string, length time.Duration, to *kept) *Loop {
	t.Helper()
	return &Loop{
		Client: w.client(), Target: target(), Pacer: parsed(t, rate).Pacer(length, 1), Length: length, InFlight: DefaultInFlight,
		Tally: &Tally{Target: target(), Sink: to},
	}
}

// run runs a loop on the world to its end.
func (w *world) run(t *testing.T, l *Loop) {
	t.Helper()
	if err := l.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.serving.Wait()
}

// kept is a sink that keeps what it is given.
type kept struct {
	mu        sync.Mutex
	intervals []record.Interval
	samples   []record.Sample
	events    []record.Event
	// fails is what Interval returns, and takes how long writing anything takes.
	fails error
	takes time.Duration
}

func (k *kept) Interval(i record.Interval) error {
	time.Sleep(k.takes)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.intervals = append(k.intervals, i)
	return k.fails
}

func (k *kept) Sample(s record.Sample) error {
	time.Sleep(k.takes)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.samples = append(k.samples, s)
	return nil
}

func (k *kept) Event(e record.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, e)
	return nil
}

// sum adds up a count of all intervals.
func (k *kept) sum(of func(record.Interval) int) int {
	n := 0
	for _, i := range k.intervals {
		n += of(i)
	}
	return n
}

// latencies are those of all intervals.
func (k *kept) latencies(t *testing.T) *hdrhistogram.Histogram {
	t.Helper()
	all := hdrhistogram.New(int64(record.LowestLatency), int64(record.HighestLatency), record.LatencyDigits)
	for _, i := range k.intervals {
		all.Merge(decoded(t, i.Latencies))
	}
	return all
}

func decoded(t *testing.T, text string) *hdrhistogram.Histogram {
	t.Helper()
	if text == "" {
		return hdrhistogram.New(int64(record.LowestLatency), int64(record.HighestLatency), record.LatencyDigits)
	}
	h, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// percentile is one of a histogram, in whole milliseconds.
func percentile(h *hdrhistogram.Histogram, p float64) time.Duration {
	return time.Duration(h.ValueAtPercentile(p)).Round(time.Millisecond)
}
