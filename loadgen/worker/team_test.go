package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
)

// crew is a team whose workers are in this process, and are reached over loopback.
type crew struct {
	*Team
	clock   record.Clock
	servers []*httptest.Server
	inside  []*Server
	workers []record.Worker
	// noted, when set, is told of each event.
	noted func(record.Event)

	mu     sync.Mutex
	events []record.Event
}

func newCrew(t *testing.T, n int) *crew {
	t.Helper()
	c := &crew{clock: record.NewClock()}
	c.Team = New(t.Context(), c.clock, c.note, loopback, func(context.Context, string) string { return "its pod was deleted" })
	for range n {
		c.add(t)
	}
	if err := c.Join(t.Context(), c.workers); err != nil {
		t.Fatal(err)
	}
	return c
}

func loopback(string) http.RoundTripper { return http.DefaultTransport }

// add starts one more worker. Its clock begins later than the run's.
func (c *crew) add(t *testing.T) {
	inside := NewServer("secret", "test")
	s := httptest.NewServer(inside)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	c.servers, c.inside = append(c.servers, s), append(c.inside, inside)
	c.workers = append(c.workers, record.Worker{Name: s.Listener.Addr().String(), Node: "n", Token: "secret"})
}

// note takes an event.
func (c *crew) note(e record.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	if c.noted != nil {
		c.noted(e)
	}
}

func (c *crew) ofKind(kind record.Kind) []record.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.events), func(e record.Event) bool { return e.Kind != kind })
}

// function is a service that answers as the function does, and counts who was asked for.
func function(t *testing.T, takes time.Duration) (address string, asked func() map[string]int) {
	var mu sync.Mutex
	hosts := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hosts[r.Host]++
		mu.Unlock()
		time.Sleep(takes)
		service, _, _ := strings.Cut(r.Host, ".")
		fmt.Fprintf(w, `{"pod":"%s-00001-deployment-a","nonce":"n","requests":1}`, service)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(hosts)
	}
}

func targetsAt(address string, n int) []record.Target {
	var all []record.Target
	for i := range n {
		name := fmt.Sprintf("h-%d", i)
		all = append(all, record.Target{RuntimeClass: "runc", Namespace: "bench", Service: name, Revision: name + "-00001", Host: name + ".bench.example.com", Address: address})
	}
	return all
}

// got is what a volley has handled.
type got struct {
	mu      sync.Mutex
	samples map[int]record.Sample
	errs    map[int]error
}

func (g *got) volley(targets []record.Target, arrival string) *Volley {
	a, err := loadgen.ParseArrival(arrival)
	if err != nil {
		panic(err)
	}
	g.samples, g.errs = map[int]record.Sample{}, map[int]error{}
	return &Volley{
		Client: &loadgen.Spec{Timeout: 10 * time.Second}, Targets: targets, Arrival: a, Seed: 1,
		PreconnectFailed: func(i int, err error) { panic(err) },
		Handle: func(i int, s record.Sample, err error) {
			g.mu.Lock()
			defer g.mu.Unlock()
			if err != nil {
				g.errs[i] = err
			} else {
				g.samples[i] = s
			}
		},
	}
}

// Each service is asked once, by one worker, all have the same intended instant, and their
// instants are on the run's clock.
func TestABurstOfSeveralWorkers(t *testing.T) {
	c, g := newCrew(t, 3), &got{}
	address, asked := function(t, 50*time.Millisecond)
	v := g.volley(targetsAt(address, 10), "burst")
	v.Preconnect = true
	before := c.clock.Now()
	if err := c.Fire(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	after := c.clock.Now()
	want := map[string]int{}
	for _, target := range v.Targets {
		want[target.Host] = 1
	}
	if diff := cmp.Diff(want, asked()); diff != "" || len(g.samples) != 10 || len(g.errs) != 0 {
		t.Errorf("%s\n%d samples, errors %v", diff, len(g.samples), g.errs)
	}
	uncertain := 2 * largestUncertainty(c)
	for i, s := range g.samples {
		if s.Service != v.Targets[i].Service || s.Outcome != record.OK {
			t.Errorf("sample %d is of %s: %s %s", i, s.Service, s.Outcome, s.Error)
		}
		if (s.Intended-g.samples[0].Intended).Abs() > uncertain || s.Intended < before || s.Done > after+uncertain || s.Sent < s.Intended {
			t.Errorf("sample %d: due %v, the first one %v; sent %v, done %v within %v to %v", i, s.Intended, g.samples[0].Intended, s.Sent, s.Done, before, after)
		}
		if s.ResponseLatency < 50*time.Millisecond || s.ResponseLatency != s.Done-s.Sent {
			t.Errorf("sample %d took %v, from %v to %v", i, s.ResponseLatency, s.Sent, s.Done)
		}
	}
	skew := c.ofKind(record.EventWorkersSkew)
	if len(skew) != 1 || skew[0].Value < 0 || skew[0].ClockOffset.Uncertainty <= 0 || skew[0].RuntimeClass != "runc" {
		t.Errorf("skew %+v", skew)
	}
	if clocks := c.ofKind(record.EventWorkerClock); len(clocks) != 6 || clocks[0].ClockOffset.Requests != comparisons || clocks[0].Node != "n" {
		t.Errorf("%d events of clocks: %+v", len(clocks), clocks)
	}
}

// Each request begins a trace of its own, which the coordinator has drawn.
func TestWorkersBeginTraces(t *testing.T) {
	var mu sync.Mutex
	drawn, begun := map[string]bool{}, map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if parts := strings.Split(r.Header.Get("Traceparent"), "-"); len(parts) == 4 {
			begun[parts[1]] = true
		}
	}))
	t.Cleanup(s.Close)
	c, g := newCrew(t, 2), &got{}
	v := g.volley(targetsAt(s.Listener.Addr().String(), 5), "burst")
	v.TraceID = func() string {
		mu.Lock()
		defer mu.Unlock()
		id := fmt.Sprintf("%032x", len(drawn)+1)
		drawn[id] = true
		return id
	}
	if err := c.Fire(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, s := range g.samples {
		told[s.TraceID] = true
	}
	if diff := cmp.Diff(drawn, begun) + cmp.Diff(drawn, told); len(drawn) != 5 || diff != "" {
		t.Errorf("drew %v; begun and told (-want +got):\n%s", drawn, diff)
	}
}

func largestUncertainty(c *crew) time.Duration {
	var most time.Duration
	for _, m := range c.present() {
		most = max(most, m.ahead().Uncertainty)
	}
	return most
}

// A paced arrival is due at the same instants, whoever sends it.
func TestAPacedArrivalIsSplitExactly(t *testing.T) {
	address, _ := function(t, 0)
	for _, arrival := range []string{"uniform:200", "poisson:200"} {
		var dues [][]time.Duration
		for _, n := range []int{1, 3} {
			c, g := newCrew(t, n), &got{}
			v := g.volley(targetsAt(address, 20), arrival)
			if err := c.Fire(t.Context(), v); err != nil {
				t.Fatal(err)
			}
			var of []time.Duration
			for i := range v.Targets {
				of = append(of, (g.samples[i].Intended - g.samples[0].Intended).Round(10*time.Millisecond))
			}
			dues = append(dues, of)
		}
		if diff := cmp.Diff(dues[0], dues[1]); diff != "" {
			t.Errorf("%s: due (-one worker +three):\n%s", arrival, diff)
		}
	}
}

// sink keeps what becomes of a load.
type sink struct {
	mu        sync.Mutex
	intervals []record.Interval
	samples   []record.Sample
	fails     error
}

func (s *sink) Interval(i record.Interval) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intervals = append(s.intervals, i)
	return s.fails
}

func (s *sink) Sample(one record.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, one)
	return nil
}

func (s *sink) Event(record.Event) error { return nil }

func (s *sink) sum(of func(record.Interval) int) (n int) {
	for _, i := range s.intervals {
		n += of(i)
	}
	return n
}

func loadOf(t *testing.T, to *sink, address, rate string, length time.Duration) *Load {
	t.Helper()
	schedule, err := load.Parse(rate, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &Load{
		Client: &loadgen.Spec{Timeout: 10 * time.Second}, Target: targetsAt(address, 1)[0], Schedule: schedule, Length: length, Seed: 1,
		InFlight: 100_000, Sink: to, Each: func(*record.Sample) {},
	}
}

// The seconds of all workers are put together: each is there once, with all of its requests.
func TestALoadOfSeveralWorkers(t *testing.T) {
	c, to := newCrew(t, 3), &sink{}
	address, asked := function(t, 5*time.Millisecond)
	l := loadOf(t, to, address, "200/s", 3*time.Second)
	c.TellReady("h-0-00001-deployment-a", 0)
	told := 0
	l.Told = func(record.Interval) { told++ }
	cpu, err := c.Load(t.Context(), l)
	if err != nil || cpu <= 0 {
		t.Fatalf("%v of a processor, %v", cpu, err)
	}
	for n, i := range to.intervals {
		if i.Second != n || i.Sent != 200 || i.Answered != 200 || i.Instances != 1 || i.Waited != 0 || i.Service != "h-0" {
			t.Errorf("second %d: %+v", n, i)
		}
		if n > 0 && i.At-to.intervals[n-1].At != time.Second {
			t.Errorf("second %d begins at %v, the one before at %v", n, i.At, to.intervals[n-1].At)
		}
	}
	if len(to.intervals) != 3 || told != 3 || asked()["h-0.bench.example.com"] != 600 || len(to.samples) != 15 {
		t.Errorf("%d intervals, %d told, asked %v, %d samples", len(to.intervals), told, asked(), len(to.samples))
	}
}

// A worker that dies midway costs its share of the requests that were due since, and no
// other. What it told before stays.
func TestAWorkerDiesInALoad(t *testing.T) {
	c, to := newCrew(t, 3), &sink{}
	address, _ := function(t, 5*time.Millisecond)
	l := loadOf(t, to, address, "300/s", 4*time.Second)
	l.Told = func(i record.Interval) {
		if i.Second == 0 {
			go c.servers[1].CloseClientConnections()
		}
	}
	_, err := c.Load(t.Context(), l)
	var lost *LostError
	if !errors.As(err, &lost) || lost.Worker != c.workers[1].Name || lost.Of != 400 || lost.Missing < 100 || lost.Missing > 300 {
		t.Fatalf("got error %v, %+v", err, lost)
	}
	known := to.sum(func(i record.Interval) int { return i.Sent - i.CutOff + i.Dropped })
	if known+lost.Missing != 1200 {
		t.Errorf("of 1200 requests %d are known and %d are missing", known, lost.Missing)
	}
	if events := c.ofKind(record.EventWorkerLost); len(events) != 1 || events[0].Pod != lost.Worker || int(events[0].Value) != lost.Missing || !strings.Contains(events[0].Message, "its pod was deleted") {
		t.Errorf("events %+v", events)
	}
	if c.Size() != 2 || c.Lost() == nil || to.intervals[0].Sent != 300 || to.intervals[3].Sent != 200 {
		t.Errorf("%d workers are left; the first second has %d, the last %d", c.Size(), to.intervals[0].Sent, to.intervals[3].Sent)
	}
}

// A worker that dies in a burst costs its services, which are handled with the reason. The
// next burst is split over those that are left, and a replacement is taken in.
func TestAWorkerDiesInABurst(t *testing.T) {
	c, g := newCrew(t, 3), &got{}
	address, _ := function(t, 500*time.Millisecond)
	v := g.volley(targetsAt(address, 7), "burst")
	time.AfterFunc(startLead+250*time.Millisecond, c.servers[0].CloseClientConnections)
	if err := c.Fire(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	var missing []int
	for i, err := range g.errs {
		if lost := (*LostError)(nil); !errors.As(err, &lost) || lost.Missing != 3 || lost.Of != 3 {
			t.Errorf("request %d: %v", i, err)
		}
		missing = append(missing, i)
	}
	slices.Sort(missing)
	if diff := cmp.Diff([]int{0, 3, 6}, missing); diff != "" || len(g.samples) != 4 {
		t.Errorf("missing %s, %d samples", diff, len(g.samples))
	}
	for _, replaced := range []bool{false, true} {
		if replaced {
			c.add(t)
			if err := c.Join(t.Context(), c.workers[1:]); err != nil || c.Size() != 3 {
				t.Fatalf("%d workers, %v", c.Size(), err)
			}
		}
		if err := c.Fire(t.Context(), g.volley(v.Targets, "burst")); err != nil || len(g.samples) != 7 {
			t.Errorf("replaced %v: %d samples, %v", replaced, len(g.samples), err)
		}
	}
}

// A worker that is told to end, as when its pod is deleted, cuts off its requests and says so. It
// is as lost as one that says nothing.
func TestAWorkerEndsInABurst(t *testing.T) {
	c, g := newCrew(t, 2), &got{}
	address, _ := function(t, time.Second)
	v := g.volley(targetsAt(address, 3), "burst")
	time.AfterFunc(startLead+500*time.Millisecond, c.inside[0].End)
	if err := c.Fire(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 2} {
		if lost := (*LostError)(nil); !errors.As(g.errs[i], &lost) || lost.Missing != 2 || lost.Reason != errEnding.Error()+" (its pod was deleted)" {
			t.Errorf("request %d: %v", i, g.errs[i])
		}
	}
	if len(g.samples) != 1 || len(g.errs) != 2 || c.Size() != 1 {
		t.Errorf("%d samples, errors %v, %d workers", len(g.samples), g.errs, c.Size())
	}
}

// An interrupted burst has its requests cut off, and loses no worker.
func TestAnInterruptedBurst(t *testing.T) {
	c, g := newCrew(t, 2), &got{}
	address, _ := function(t, 2*time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(startLead+500*time.Millisecond, cancel)
	err := c.Fire(ctx, g.volley(targetsAt(address, 3), "burst"))
	if err != nil || len(g.errs) != 3 || len(g.samples) != 0 || c.Size() != 2 || c.Lost() != nil {
		t.Errorf("%v, errors %v, %d samples; %d workers, %v", err, g.errs, len(g.samples), c.Size(), c.Lost())
	}
}

// The first answer is told at once, and not with its second, which waits for all others.
func TestTheFirstAnswerIsTold(t *testing.T) {
	c, to := newCrew(t, 2), &sink{}
	heard := make(chan struct{})
	var once sync.Once
	var asked, late atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := asked.Add(1); n == 2 || n == 3 {
			select {
			case <-heard:
			case <-time.After(5 * time.Second):
				late.Add(1)
			}
		}
		fmt.Fprint(w, `{"pod":"h-0-00001-deployment-a","nonce":"n","requests":1}`)
	}))
	t.Cleanup(s.Close)
	l := loadOf(t, to, s.Listener.Addr().String(), "20/s", time.Second)
	l.Each = func(*record.Sample) { once.Do(func() { close(heard) }) }
	if _, err := c.Load(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if late.Load() != 0 || len(to.intervals) != 1 || to.intervals[0].Answered != 20 {
		t.Errorf("%d requests were under way before the first answer was told; %+v", late.Load(), to.intervals)
	}
}

// An interrupted load tells what was sent until then, and loses no worker.
func TestAnInterruptedLoad(t *testing.T) {
	c, to := newCrew(t, 2), &sink{}
	address, _ := function(t, 5*time.Millisecond)
	l := loadOf(t, to, address, "100/s", time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	l.Told = func(record.Interval) { cancel() }
	_, err := c.Load(ctx, l)
	sent := to.sum(func(i record.Interval) int { return i.Sent })
	if !errors.Is(err, context.Canceled) || sent < 100 || sent > 1000 || c.Size() != 2 || c.Lost() != nil {
		t.Errorf("%d sent, %v; %d workers, %v", sent, err, c.Size(), c.Lost())
	}
}

// What cannot be written down ends the load.
func TestASinkThatFailsEndsTheLoad(t *testing.T) {
	c, to := newCrew(t, 2), &sink{fails: errors.New("the disk is full")}
	address, _ := function(t, 5*time.Millisecond)
	if _, err := c.Load(t.Context(), loadOf(t, to, address, "100/s", time.Hour)); !errors.Is(err, to.fails) {
		t.Errorf("got error %v", err)
	}
}

// A worker takes nothing without the token of the run.
func TestTheToken(t *testing.T) {
	c := newCrew(t, 1)
	for _, path := range []string{pathClock, pathOrder, pathLines, pathStart, pathStop, pathInstances} {
		for _, token := range []string{"", "other"} {
			r, err := http.NewRequest(http.MethodPost, c.servers[0].URL+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(tokenHeader, token)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s with token %q: status %d", path, token, answer.StatusCode)
			}
		}
	}
	open := httptest.NewServer(NewServer("", "test"))
	defer open.Close()
	if err := New(t.Context(), c.clock, c.note, loopback, nil).Join(t.Context(), []record.Worker{{Name: open.Listener.Addr().String()}}); err == nil {
		t.Error("a worker without a token takes everything")
	}
}

// A worker that has gone while it was idle is lost before it has a share: all requests are sent,
// by those that are left or by one that takes its place.
func TestAnIdleWorkerIsLost(t *testing.T) {
	address, asked := function(t, 0)
	for _, replaced := range []bool{false, true} {
		c, g, to, left := newCrew(t, 3), &got{}, &sink{}, 2
		c.servers[0].Close()
		if replaced {
			left = 3
			c.Refill = func(ctx context.Context) {
				if c.Size() == 3 {
					return
				}
				c.add(t)
				if err := c.Join(ctx, c.workers[1:]); err != nil {
					t.Error(err)
				}
			}
		}
		before := asked()["h-0.bench.example.com"]
		if err := c.Fire(t.Context(), g.volley(targetsAt(address, 7), "burst")); err != nil || len(g.samples) != 7 || len(g.errs) != 0 {
			t.Errorf("replaced %v: %v, %d samples, errors %v", replaced, err, len(g.samples), g.errs)
		}
		c.servers[1].Close()
		if !replaced {
			left = 1
		} else {
			c.workers = slices.Delete(c.workers, 1, 2)
		}
		_, err := c.Load(t.Context(), loadOf(t, to, address, "50/s", time.Second))
		if n := asked()["h-0.bench.example.com"] - before; err != nil || n != 1+50 {
			t.Errorf("replaced %v: %v, asked %d times", replaced, err, n)
		}
		lost := c.ofKind(record.EventWorkerLost)
		if len(lost) != 2 || lost[0].Value != 0 || !strings.Contains(lost[0].Message, "was lost while it had nothing to send: ") || c.Lost() != nil || c.Size() != left {
			t.Errorf("replaced %v: events %+v, losses %v, %d workers", replaced, lost, c.Lost(), c.Size())
		}
	}
}

// A worker that is lost in a load is told of at once: here the load cannot end before.
func TestALossIsToldWhileTheLoadGoesOn(t *testing.T) {
	c, to := newCrew(t, 2), &sink{}
	told := make(chan struct{})
	c.noted = func(e record.Event) {
		if e.Kind == record.EventWorkerLost {
			close(told)
		}
	}
	var late atomic.Int32
	var begun sync.Once
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		begun.Do(func() { go c.servers[1].CloseClientConnections() })
		select {
		case <-told:
		case <-time.After(5 * time.Second):
			late.Add(1)
		}
	}))
	t.Cleanup(s.Close)
	if _, err := c.Load(t.Context(), loadOf(t, to, s.Listener.Addr().String(), "20/s", time.Second)); err == nil || late.Load() != 0 {
		t.Errorf("got error %v, %d requests have waited in vain", err, late.Load())
	}
}

// What became of a worker is asked for until it is known, for a while.
func TestWhatBecameOfAWorker(t *testing.T) {
	for name, test := range map[string]struct {
		knownAfter int
		want       string
		takes      time.Duration
	}{
		"known at once": {1, "it broke (killed)", 0},
		"known late":    {3, "it broke (killed)", 2 * time.Second},
		"never known":   {100, "it broke", explainLimit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				team := New(t.Context(), record.NewClock(), nil, nil, func(context.Context, string) string {
					if asked++; asked < test.knownAfter {
						return ""
					}
					return "killed"
				})
				began := time.Now()
				if got := team.reason(t.Context(), "w", errors.New("it broke")); got != test.want || time.Since(began) != test.takes {
					t.Errorf("got %q after %v", got, time.Since(began))
				}
			})
		})
	}
}

// Workers that nobody reaches are lost, and without any nothing is sent.
func TestNoWorkerIsLeft(t *testing.T) {
	c, g := newCrew(t, 1), &got{}
	c.servers[0].Close()
	address, _ := function(t, 0)
	v := g.volley(targetsAt(address, 2), "burst")
	for range 2 {
		if err := c.Fire(t.Context(), v); !errors.Is(err, ErrNoWorkers) || len(g.errs) != 0 {
			t.Errorf("got error %v, errors %v", err, g.errs)
		}
	}
	if _, err := net.Dial("tcp", c.workers[0].Name); err == nil {
		t.Error("the worker is there")
	}
}

// A worker ends when nobody has asked for anything for a while, and not while it has an order.
func TestAwaitIdle(t *testing.T) {
	s := NewServer("secret", "test")
	server := httptest.NewServer(s)
	defer server.Close()
	idle := make(chan struct{})
	go func() { s.AwaitIdle(t.Context(), 400*time.Millisecond); close(idle) }()
	m := newMember(record.Worker{Name: server.Listener.Addr().String(), Token: "secret"}, record.NewClock(), http.DefaultTransport)
	began := time.Now()
	for range 4 {
		time.Sleep(200 * time.Millisecond)
		if _, err := m.askClock(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-idle:
		t.Error("it ends although it is asked")
	default:
	}
	<-idle
	if d := time.Since(began); d < 1100*time.Millisecond {
		t.Errorf("it ended after %v", d)
	}
}
