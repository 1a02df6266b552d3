package experiment

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
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

// A worker that is lost costs its sample. Another one sends the next, and the run says that it
// is not complete.
func TestSingleLosesAWorker(t *testing.T) {
	m, e := newMadeUp(t), singleOf(t)
	begun := 0
	result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
		if _, ok := n.(TrialBegun); !ok {
			return
		}
		if begun++; begun == 2 {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.workers[1].CloseClientConnections()
			m.workers[1].Close()
			m.workers = slices.Delete(m.workers, 1, 2)
		}
	}))
	run := runFile(t, result.RunFile)
	if err == nil || !strings.Contains(err.Error(), "the run is not complete: worker ") || run.End.Reason != record.EndFailed {
		t.Errorf("got error %v, end %+v", err, run.End)
	}
	if lost, abandoned := kinds(run, record.EventWorkerLost), kinds(run, record.EventRequestAbandoned); len(lost) != 1 || len(abandoned) != 1 || begun != 6 {
		t.Errorf("%d trials, lost %v, abandoned %v", begun, lost, abandoned)
	}
	measured := 0
	for _, s := range run.Samples {
		if !s.Discarded {
			measured++
		}
	}
	if measured != 5 {
		t.Errorf("%d samples", measured)
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
			if begun, ok := n.(LoadBegun); ok && known {
				m.emit(record.Event{Kind: record.EventInstanceReady, Pod: begun.Target.Service + "-00001-deployment-a", At: 1})
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
