package experiment

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/worker"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

func scaleOf(t *testing.T, services int) *Scale {
	t.Helper()
	e := &Scale{Setup: setupOf(t), Services: []int{services}, Iterations: 1, MaxServices: 100, Workers: Workers{Count: 3, Image: "tool"}}
	e.Arrival.Pattern = "burst"
	return e
}

// Workers send the requests of rounds, and are removed at the end, after their clocks were
// compared once more.
func TestScaleByWorkers(t *testing.T) {
	m, e := newMadeUp(t), scaleOf(t, 4)
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	if n := len(run.Samples); n != 8 || run.Header.Settings.Workers != 3 || m.needs.Workers.Count != 3 || !m.needs.Workers.Replaced {
		t.Errorf("%d samples, settings %+v, needs %+v", n, run.Header.Settings, m.needs.Workers)
	}
	for _, s := range run.Samples {
		if s.Cold != record.Proven || s.Failed() {
			t.Errorf("sample %+v", s)
		}
	}
	if n := len(kinds(run, record.EventWorkersSkew)); n != 2 {
		t.Errorf("%d skews", n)
	}
	if n := len(kinds(run, record.EventWorkerClock)); n != 3*4 {
		t.Errorf("clocks were compared %d times", n)
	}
	if before, after := slices.Index(m.asked, "start workers"), slices.Index(m.asked, "create"); before < 0 || before > after || !m.was("stop workers") {
		t.Errorf("asked %v", m.asked)
	}
}

// A worker that is lost in a round leaves its services out of it. The next round has all
// workers again, and the run says that it is not complete.
func TestScaleLosesAWorker(t *testing.T) {
	m, e := newMadeUp(t), scaleOf(t, 6)
	rounds := 0
	m.during = func(what string) {
		if what != "await workers" {
			return
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		for len(m.workers) > 3 {
			m.workers = m.workers[1:]
		}
	}
	result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
		if _, ok := n.(RoundFiring); ok {
			if rounds++; rounds == 1 {
				m.workers[0].Close()
				m.addWorker(t)
			}
		}
	}))
	run := runFile(t, result.RunFile)
	if err == nil || !strings.Contains(err.Error(), "the run is not complete: worker ") || run.End.Reason != record.EndFailed {
		t.Errorf("got error %v, end %+v", err, run.End)
	}
	if lost := kinds(run, record.EventWorkerLost); len(lost) != 1 {
		t.Errorf("lost %v", lost)
	}
	measured := 0
	for _, s := range run.Samples {
		if !s.Discarded {
			measured++
		}
	}
	if measured != 6 || len(kinds(run, record.EventRequestAbandoned)) != 2 {
		t.Errorf("%d samples, abandoned %v", measured, kinds(run, record.EventRequestAbandoned))
	}
}

func singleOf(t *testing.T) *Single {
	t.Helper()
	return &Single{Setup: setupOf(t), Iterations: 6, ServicesPerClass: 2, Workers: Workers{Count: 3, Image: "tool"}}
}

// Workers send the requests of single in turn, one at a time. The clock of a worker is compared
// before each of its requests: once when it comes, for the two that are discarded, for its two
// of six, and at the end.
func TestSingleByWorkers(t *testing.T) {
	m, e := newMadeUp(t), singleOf(t)
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	if n := len(run.Samples); n != 8 || run.Header.Settings.Workers != 3 || !m.needs.Workers.Replaced || !m.was("stop workers") {
		t.Errorf("%d samples, settings %+v, needs %+v, asked %v", n, run.Header.Settings, m.needs.Workers, m.asked)
	}
	for _, s := range run.Samples {
		if s.Cold != record.Proven || s.Failed() {
			t.Errorf("sample %+v", s)
		}
	}
	var turns []string
	for _, e := range run.Events {
		if e.Kind == record.EventWorkerClock {
			turns = append(turns, e.Pod)
		}
	}
	if len(turns) != 3+2+6+3 {
		t.Fatalf("clocks were compared %d times", len(turns))
	}
	if diff := cmp.Diff(slices.Concat(turns[:3], turns[:2], turns[:3], turns[:3], turns[:3]), turns); diff != "" {
		t.Errorf("whose clocks were compared (-want +got):\n%s", diff)
	}
	if n := len(kinds(run, record.EventWorkersSkew)); n != 1 {
		t.Errorf("%d skews, want that of the discarded burst", n)
	}
}

// Workers send the traced requests, too, so that these are as far from the ingress as the
// others, and begin traces that the run knows.
func TestSingleByWorkersIsTraced(t *testing.T) {
	m, e := newMadeUp(t), singleOf(t)
	e.Traces, e.Iterations = Traces{On: true, Address: "192.0.2.1:0"}, 2
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	traced := 0 // without those that are fired together
	result, _ := Run(ctx, m, e, ObserverFunc(func(n Notice) {
		if taken, ok := n.(SampleTaken); ok && taken.Sample.Traced && taken.Sample.Block > 0 {
			if traced++; traced == 2 {
				cancel() // the last spans are not waited for
			}
		}
	}))
	run, ids := runFile(t, result.RunFile), map[string]bool{}
	for _, s := range run.Samples {
		if s.TraceID != "" {
			ids[s.TraceID] = true
		}
	}
	if traced != 2 || len(run.Samples) != 2*(2+2) || len(ids) != 2+2 {
		t.Errorf("%d traced of %d samples, with traces %v", traced, len(run.Samples), ids)
	}
	if n := len(kinds(run, record.EventWorkerClock)); n != 3+2*(2+2) {
		t.Errorf("clocks were compared %d times", n)
	}
}

// Workers send the requests to services that exist, too.
func TestExistingByWorkers(t *testing.T) {
	m, e := newMadeUp(t), &Existing{Setup: setupOf(t), Services: []string{"shop"}, Iterations: 2, Workers: Workers{Count: 2, Image: "tool"}}
	e.Classes, m.existing = nil, []record.ExistingService{existing("shop")}
	m.services["shop"] = templates.Service{Name: "shop", RuntimeClass: templates.DefaultClass, Variant: "shop"}
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	if n := len(run.Samples); n != 3 || run.Header.Settings.Workers != 2 || m.needs.Workers.Count != 2 || !m.was("start workers") || !m.was("stop workers") {
		t.Errorf("%d samples, settings %+v, asked %v", n, run.Header.Settings, m.asked)
	}
}

// told are the warnings of a run that is observed by it, and what else is told goes to see.
type told struct {
	mu       sync.Mutex
	warnings []string
	see      func(Notice)
}

func (o *told) See(n Notice) {
	if w, ok := n.(Warning); ok {
		o.mu.Lock()
		o.warnings = append(o.warnings, w.Text)
		o.mu.Unlock()
	}
	if o.see != nil {
		o.see(n)
	}
}

// among counts the warnings with a text.
func (o *told) among(text string) int {
	n := 0
	for _, w := range o.warnings {
		if strings.Contains(w, text) {
			n++
		}
	}
	return n
}

// measuredIn counts the samples of a run that count.
func measuredIn(run *record.Run) int {
	n := 0
	for _, s := range run.Samples {
		if !s.Discarded {
			n++
		}
	}
	return n
}

// onTrial calls do when the n-th trial has begun.
func onTrial(n int, do func()) func(Notice) {
	return func(notice Notice) {
		if _, ok := notice.(TrialBegun); ok {
			if n--; n == 0 {
				do()
			}
		}
	}
}

// A worker that is lost while it is idle costs nothing: the one that takes its place sends the
// request. A pod that has died may count as Ready for a while.
func TestSingleLosesAnIdleWorker(t *testing.T) {
	m, e := newMadeUp(t), singleOf(t)
	awaited := 0
	m.during = func(what string) {
		if what == "await workers" {
			if awaited++; awaited == 3 {
				m.kill(m.workers[1])
				m.addWorker(t)
			}
		}
	}
	o := &told{see: onTrial(2, func() { m.workers[1].Listener.Close(); m.workers[1].CloseClientConnections() })}
	result, err := Run(t.Context(), m, e, o)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	if lost, abandoned := kinds(run, record.EventWorkerLost), kinds(run, record.EventRequestAbandoned); len(lost) != 1 || len(abandoned) != 0 || awaited != 3 {
		t.Errorf("lost %v, abandoned %v, awaited %d times", lost, abandoned, awaited)
	}
	if n := measuredIn(run); n != 6 || run.End.Reason != record.EndCompleted || o.among("was lost while it had nothing to send") != 1 {
		t.Errorf("%d samples, end %+v, warnings %q", n, run.End, o.warnings)
	}
}

// Workers that are not replaced are waited for once.
func TestSingleGoesOnWithFewerWorkers(t *testing.T) {
	m, e := newMadeUp(t), singleOf(t)
	awaited := 0
	m.during = func(what string) {
		if what == "await workers" {
			awaited++
		}
	}
	o := &told{see: onTrial(2, func() {
		m.kill(m.workers[1])
		m.fail("await workers", errors.New("there is no room"))
	})}
	result, err := Run(t.Context(), m, e, o)
	if err != nil {
		t.Fatal(err)
	}
	if n := measuredIn(runFile(t, result.RunFile)); n != 6 || awaited != 2 || o.among("2 of 3 workers are left to go on with: the others are not replaced: there is no room") != 1 {
		t.Errorf("%d samples, awaited %d times, warnings %q", n, awaited, o.warnings)
	}
}

// A worker that is lost while it has a request to send costs its sample. Another one sends the
// next, and the run says that it is not complete.
func TestSingleLosesAWorker(t *testing.T) {
	m, e := newMadeUp(t), singleOf(t)
	var begun, started atomic.Int32
	m.workerAsked = func(w *httptest.Server, path string) {
		if path == "/start" && begun.Load() == 2 && started.Add(1) == 1 {
			m.kill(w)
			m.addWorker(t)
		}
	}
	last := 0
	o := &told{see: func(n Notice) {
		switch n := n.(type) {
		case TrialBegun:
			begun.Add(1)
		case SampleTaken:
			last = n.Done
			if n.Total != 8 {
				t.Errorf("%d of %d", n.Done, n.Total)
			}
		}
	}}
	result, err := Run(t.Context(), m, e, o)
	run := runFile(t, result.RunFile)
	if err == nil || !strings.Contains(err.Error(), "the run is not complete: worker ") || run.End.Reason != record.EndFailed {
		t.Errorf("got error %v, end %+v", err, run.End)
	}
	if lost, abandoned := kinds(run, record.EventWorkerLost), kinds(run, record.EventRequestAbandoned); len(lost) != 1 || len(abandoned) != 1 || begun.Load() != 6 {
		t.Errorf("%d trials, lost %v, abandoned %v", begun.Load(), lost, abandoned)
	}
	if n := measuredIn(run); n != 5 || last != 8 || o.among("of its 1 requests 1 are missing") != 1 {
		t.Errorf("%d samples, the last one is number %d, warnings %q", n, last, o.warnings)
	}
}

// Ctrl-C while a worker sends a request ends the run in order, and loses no worker.
func TestSingleByWorkersIsInterrupted(t *testing.T) {
	m, e := newMadeUp(t), singleOf(t)
	ctx, cancel := context.WithCancel(t.Context())
	result, err := Run(ctx, m, e, ObserverFunc(func(n Notice) {
		if _, ok := n.(TrialBegun); ok {
			time.AfterFunc(500*time.Millisecond, cancel) // before the common start
		}
	}))
	run := runFile(t, result.RunFile)
	if !errors.Is(err, context.Canceled) || run.End.Reason != record.EndInterrupted || len(run.Samples) != 2 || len(kinds(run, record.EventWorkerLost)) != 0 || !m.was("stop workers") {
		t.Errorf("%v, end %+v, %d samples, asked %v", err, run.End, len(run.Samples), m.asked)
	}
}

// What cannot be done is refused before the cluster is asked for anything.
func TestWorkersValidate(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Load)
		want   string
	}{
		"negative":  {func(e *Load) { e.Workers.Count = -1 }, "workers is -1"},
		"no image":  {func(e *Load) { e.Workers.Image = "" }, "worker-image is missing"},
		"none":      {func(e *Load) { e.Workers.Count = 0 }, "are for workers"},
		"https":     {func(e *Load) { e.Request.Scheme = record.HTTPS }, "need --ca-file"},
		"loopback":  {func(e *Load) { e.IngressAddress = "localhost:8080" }, "ingress-address is localhost:8080, where a worker reaches only its own pod"},
		"in flight": {func(e *Load) { e.InFlight = 2 }, "max-in-flight is 2: it must be at least 3"},
	} {
		m, e := newMadeUp(t), loadOf(t)
		e.Workers = Workers{Count: 3, Image: "tool"}
		test.change(e)
		if _, err := Run(t.Context(), m, e, nil); err == nil || !strings.Contains(err.Error(), test.want) || len(m.asked) > 0 {
			t.Errorf("%s: %v, asked %v", name, err, m.asked)
		}
	}
}

func TestAddressesThatLeadBack(t *testing.T) {
	for address, want := range map[string]bool{
		"localhost:8080": true, "LocalHost": true, "localhost.:80": true, "fn.localhost:80": true,
		"127.0.0.1": true, "127.8.9.1:80": true, "[::1]:80": true, "::1": true, "[::1]": true, "[::ffff:127.0.0.1]:80": true,
		"0.0.0.0:80": true, "[::]:80": true, "::": true, ":8080": true, "[::ffff:0.0.0.0]:80": true,
		"198.18.0.2:80": false, "10.0.0.1": false, "[fd00::1]:80": false, "fd00::1": false,
		"ingress.example:80": false, "notlocalhost": false, "localhost.example": false,
	} {
		if got := leadsBack(address); got != want {
			t.Errorf("leadsBack(%q) = %v, want %v", address, got, want)
		}
	}
}

// A load by workers has all of its requests. They know which instances were Ready before they
// began.
func TestLoadByWorkers(t *testing.T) {
	for _, known := range []bool{true, false} {
		m, e := newMadeUp(t), loadOf(t)
		e.Workers = Workers{Count: 3, Image: "tool"}
		result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
			if warming, ok := n.(Warming); ok && known {
				m.emit(record.Event{Kind: record.EventInstanceReady, Pod: warming.Targets[0].Service + "-00001-deployment-a", At: 1})
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		run, answered, waited := runFile(t, result.RunFile), 0, 0
		for _, i := range run.Intervals {
			answered += i.Answered
			waited += i.Waited
		}
		if answered != 100 || len(run.Intervals) != 2 || (waited == 0) != known || !m.was("stop workers") {
			t.Errorf("known %v: %d answered and %d waited in %d seconds", known, answered, waited, len(run.Intervals))
		}
	}
}

// A worker that is lost in a load is told of, and the last word says which classes were not
// measured because of it.
func TestLoadLosesAWorker(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	e.Classes, e.Workers = append(e.Classes, record.Class{Name: "gvisor", Image: "x"}), Workers{Count: 3, Image: "tool"}
	var started atomic.Int32
	m.workerAsked = func(w *httptest.Server, path string) {
		if path == "/start" && started.Add(1) == 1 {
			m.kill(w)
		}
	}
	o, first := &told{}, ""
	o.see = func(n Notice) {
		if begun, ok := n.(LoadBegun); ok && first == "" {
			first = begun.Target.RuntimeClass
		}
	}
	result, err := Run(t.Context(), m, e, o)
	other := map[string]string{"runc": "gvisor", "gvisor": "runc"}[first]
	if err == nil || !strings.HasSuffix(err.Error(), " are missing; not measured after that: "+other) {
		t.Errorf("got error %v after %s", err, first)
	}
	run := runFile(t, result.RunFile)
	if found := kinds(run, record.EventLoadBegun, record.EventLoadEnded, record.EventWorkerLost); !slices.Equal(found, []record.Kind{record.EventLoadBegun, record.EventWorkerLost}) || o.among("was lost: ") != 1 {
		t.Errorf("events %v, warnings %q", found, o.warnings)
	}
}

// A load whose worker was lost before is sent by those that are left, whole.
func TestLoadGoesOnWithFewerWorkers(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	e.Workers = Workers{Count: 3, Image: "tool"}
	o := &told{see: func(n Notice) {
		if _, ok := n.(Warming); ok {
			m.kill(m.workers[0])
			m.fail("await workers", context.DeadlineExceeded)
		}
	}}
	result, err := Run(t.Context(), m, e, o)
	if err != nil {
		t.Fatal(err)
	}
	run, answered := runFile(t, result.RunFile), 0
	for _, i := range run.Intervals {
		answered += i.Answered
	}
	if answered != 100 || len(kinds(run, record.EventWorkerLost)) != 1 || o.among("2 of 3 workers are left to go on with: in a load nobody takes the place") != 1 {
		t.Errorf("%d answered, warnings %q", answered, o.warnings)
	}
}

// A load that no worker is left for has not begun.
func TestLoadWithoutAWorker(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	e.Workers = Workers{Count: 1, Image: "tool"}
	result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
		switch n.(type) {
		case Warming:
			m.kill(m.workers[0])
			m.fail("await workers", context.DeadlineExceeded)
		case LoadBegun, LoadEnded:
			t.Errorf("notice %+v", n)
		}
	}))
	if !errors.Is(err, worker.ErrNoWorkers) || len(kinds(runFile(t, result.RunFile), record.EventLoadBegun)) != 0 {
		t.Errorf("got error %v", err)
	}
}
