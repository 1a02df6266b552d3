package experiment

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// fakeCluster is a cluster and its ingress in memory: services that take time to
// start, and come back to zero some time after their last request.
type fakeCluster struct {
	clock record.Clock
	// coldStart and backToZero are how long those take.
	coldStart, backToZero time.Duration
	// slow is how much longer some services take to come back.
	slow map[string]time.Duration
	// stuck services never come back to zero; silent ones never answer.
	stuck, silent map[string]bool
	// brokenUntil is until when the ingress accepts no connection.
	brokenUntil time.Duration
	// proofs, when set, is what Prove returns, and proving is called before.
	proofs  error
	proving func(record.Sample)

	// arrived, when set, is told of each request: that so many came so far.
	arrived func(int)

	// serving are the requests being served.
	serving sync.WaitGroup

	mu       sync.Mutex
	lastUsed map[string]time.Duration
	inFlight int
	most     int
	requests []string
}

func newFakeCluster(clock record.Clock) *fakeCluster {
	return &fakeCluster{
		clock: clock, coldStart: time.Second, backToZero: 10 * time.Second,
		stuck: map[string]bool{}, silent: map[string]bool{}, lastUsed: map[string]time.Duration{},
	}
}

func (f *fakeCluster) AwaitZero(ctx context.Context, t record.Target) error {
	f.mu.Lock()
	last, used := f.lastUsed[t.Service]
	stuck := f.stuck[t.Service]
	f.mu.Unlock()
	if stuck {
		<-ctx.Done()
		return fmt.Errorf("2 pods are left: %w", ctx.Err())
	}
	if !used {
		return nil
	}
	select {
	case <-time.After(last + f.backToZero + f.slow[t.Service] - f.clock.Now()):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fakeCluster) Prove(_ context.Context, _ record.Target, s *record.Sample) error {
	if f.proving != nil {
		f.proving(*s)
	}
	if f.proofs != nil {
		return f.proofs
	}
	s.Cold, s.ColdReason = record.Proven, "fake"
	return nil
}

func (f *fakeCluster) AwaitRoute(ctx context.Context, _ record.Target) error {
	return pause(ctx, f.brokenUntil-f.clock.Now())
}

// dial connects to the ingress in memory.
func (f *fakeCluster) dial(context.Context, string, string) (net.Conn, error) {
	if f.clock.Now() < f.brokenUntil {
		return nil, syscall.ECONNREFUSED
	}
	ours, theirs := net.Pipe()
	f.serving.Go(func() { f.serve(theirs) })
	return ours, nil
}

func (f *fakeCluster) serve(conn net.Conn) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	service, _, _ := strings.Cut(r.Host, ".")
	f.enter(service)
	if f.silent[service] {
		io.Copy(io.Discard, conn)
		f.leave(service)
		return
	}
	time.Sleep(f.coldStart)
	f.leave(service)
	pod := service + "-00001-deployment-a"
	respond(conn, record.Function{Pod: pod, Nonce: "n-" + pod, Requests: 1})
}

func (f *fakeCluster) enter(service string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, service)
	f.inFlight++
	f.most = max(f.most, f.inFlight)
	if f.arrived != nil {
		f.arrived(len(f.requests))
	}
}

func (f *fakeCluster) leave(service string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inFlight--
	f.lastUsed[service] = f.clock.Now()
}

// sent is how many requests arrived.
func (f *fakeCluster) sent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

// targets are n services of each class, "CLASS-0" and on.
func targets(n int, classes ...string) []record.Target {
	var all []record.Target
	for _, class := range classes {
		for i := range n {
			service := fmt.Sprintf("%s-%d", class, i)
			all = append(all, record.Target{
				RuntimeClass: class, Namespace: "bench", Service: service, Revision: service + "-00001",
				Host: service + ".bench.example.com", Address: "ingress:80",
			})
		}
	}
	return all
}

// memorySink keeps what it is given.
type memorySink struct {
	mu       sync.Mutex
	requests []record.Sample
	samples  []record.Sample
	events   []record.Event
	// fails, when set, is what Sample returns, and refuses what Request returns.
	fails, refuses error
}

func (m *memorySink) Request(s record.Sample) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests = append(m.requests, s)
	return m.refuses
}

func (m *memorySink) Sample(s record.Sample) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails == nil {
		m.samples = append(m.samples, s)
	}
	return m.fails
}

func (m *memorySink) Event(e record.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	return nil
}

// ofKind are the events of a kind.
func (m *memorySink) ofKind(kind record.Kind) []record.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []record.Event
	for _, e := range m.events {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// respond answers as the function does.
func respond(conn net.Conn, answer record.Function) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// closedAddress is one where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
