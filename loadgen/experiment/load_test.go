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
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
)

func scheduleOf(t *testing.T, text string) load.Schedule {
	t.Helper()
	s, err := load.Parse(text, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func loadOf(t *testing.T) *Load {
	t.Helper()
	return &Load{Setup: setupOf(t), Schedule: scheduleOf(t, "50/s"), Duration: 2 * time.Second}
}

// kinds are those of a run's events that are among the wanted ones, in their order.
func kinds(run *record.Run, wanted ...record.Kind) []record.Kind {
	var found []record.Kind
	for _, e := range run.Events {
		if slices.Contains(wanted, e.Kind) {
			found = append(found, e.Kind)
		}
	}
	return found
}

// A load begins at zero with caches that are warm, and returns to zero; the classes come
// one after the other, each with its service alone in the cluster.
func TestLoad(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	e.Classes = append(e.Classes, record.Class{Name: "gvisor", Image: "x"})
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	course := []record.Kind{record.EventDiscardedRound, record.EventLoadBegun, record.EventLoadEnded, record.EventBackAtZero}
	if diff := cmp.Diff(slices.Concat(course, course), kinds(run, course...)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	sent := map[string]int{}
	for _, i := range run.Intervals {
		sent[i.RuntimeClass] += i.Answered
		if i.Sent != i.Answered || i.Latencies == "" || i.Told != i.Sent {
			t.Errorf("interval %+v", i)
		}
	}
	if diff := cmp.Diff(map[string]int{"runc": 100, "gvisor": 100}, sent); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
	for _, s := range run.Samples {
		if !s.Discarded {
			t.Errorf("a sample that counts: %+v", s)
		}
	}
	if removed := slices.DeleteFunc(m.asked, func(what string) bool { return what != "remove" && what != "create" }); !slices.Equal(removed, []string{"create", "remove", "create", "remove"}) {
		t.Errorf("asked %v", removed)
	}
	if s := run.Header.Settings; s.Rate != "50/s" || s.Duration != 2*time.Second || s.InFlight != load.DefaultInFlight || !run.Header.Shape.Load {
		t.Errorf("settings %+v, shape %+v", s, run.Header.Shape)
	}
}

// With instances from the beginning nothing has to be warmed, and with a minimum nothing
// returns to zero.
func TestLoadOfAWarmService(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	e.Warm, e.MinScale, e.MaxScale, e.ConcurrencyTarget = 3, 1, 7, 20
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	if found := kinds(run, record.EventDiscardedRound, record.EventBackAtZero, record.EventNotAtZero); len(found) != 0 {
		t.Errorf("events %v", found)
	}
	if !m.was("instances") || m.was("zero") {
		t.Errorf("asked %v", m.asked)
	}
	for _, s := range m.services {
		want := map[string]string{annotationMaxScale: "7", annotationTarget: "20"}
		if diff := cmp.Diff(want, s.Annotations); diff != "" || s.InitialScale != 3 || s.MinScale != 1 {
			t.Errorf("service %+v %s", s, diff)
		}
	}
}

// What was sent before the instance was Ready has waited for it, and what was sent afterwards
// has not.
func TestLoadKnowsWhatWaited(t *testing.T) {
	for name, test := range map[string]struct {
		ready  time.Duration // when the instance is Ready, on the run's clock
		waited int           // of the 50 requests of each second
	}{
		"before the load": {0, 0},
		"after it":        {time.Hour, 50},
	} {
		t.Run(name, func(t *testing.T) {
			m, e := newMadeUp(t), loadOf(t)
			result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
				if begun, ok := n.(LoadBegun); ok {
					service := begun.Target.Service
					m.emit(record.Event{At: test.ready, Kind: record.EventInstanceReady, Pod: service + "-00001-deployment-a", Service: service})
				}
			}))
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range runFile(t, result.RunFile).Intervals {
				if i.Waited != test.waited {
					t.Errorf("in second %d %d requests waited, want %d", i.Second, i.Waited, test.waited)
				}
			}
		})
	}
}

// A service of which nothing is answered ends the run as one that measured nothing.
func TestLoadWithoutAnAnswer(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	m.ingress = closedAddress(t)
	result, err := Run(t.Context(), m, e, nil)
	if !errors.Is(err, ErrNothingMeasured) || !strings.Contains(err.Error(), "no request of the load was answered") {
		t.Errorf("got error %v", err)
	}
	run := runFile(t, result.RunFile)
	if run.Intervals[0].Failed[record.Refused] != 50 || len(kinds(run, record.EventSamplesLeftOut)) == 0 || run.End.Reason != record.EndCompleted {
		t.Errorf("%+v, %+v", run.Intervals[0], run.End)
	}
}

// The record of a load that was interrupted does not say that it came to its end.
func TestAnInterruptedLoadHasNoEnd(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result, err := Run(ctx, m, e, ObserverFunc(func(n Notice) {
		if _, ok := n.(LoadSecond); ok {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	run := runFile(t, result.RunFile)
	if found := kinds(run, record.EventLoadBegun, record.EventLoadEnded); !slices.Equal(found, []record.Kind{record.EventLoadBegun}) || len(run.Intervals) == 0 {
		t.Errorf("events %v, %d intervals", found, len(run.Intervals))
	}
}

// A service that does not return to zero has been measured all the same.
func TestLoadThatDoesNotReturnToZero(t *testing.T) {
	m, e := newMadeUp(t), loadOf(t)
	zeros := 0
	m.during = func(what string) {
		if what != "zero" {
			return
		}
		if zeros++; zeros == 2 { // the first one is before the load
			m.fails["zero"] = errors.New("2 pods exist")
		}
	}
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	if found := kinds(run, record.EventBackAtZero, record.EventNotAtZero); !slices.Equal(found, []record.Kind{record.EventNotAtZero}) {
		t.Errorf("events %v", found)
	}
}

func TestLoadValidate(t *testing.T) {
	for want, change := range map[string]func(*Load){
		"rate is missing":             func(e *Load) { e.Schedule = load.Schedule{} },
		"duration is missing":         func(e *Load) { e.Duration = 0 },
		"duration is 500ms":           func(e *Load) { e.Duration = 500 * time.Millisecond },
		"max-in-flight is -1":         func(e *Load) { e.InFlight = -1 },
		"warm is -1":                  func(e *Load) { e.Warm = -1 },
		"max-scale is 2, less than":   func(e *Load) { e.Warm, e.MaxScale = 3, 2 },
		"concurrency-target is -1":    func(e *Load) { e.ConcurrencyTarget = -1 },
		"has an option of its own":    func(e *Load) { e.Service.Annotations = map[string]string{annotationTarget: "1"} },
		"no RuntimeClass is named":    func(e *Load) { e.Classes = nil },
		"client-timeout is 0s: it mu": func(e *Load) { e.Service.ClientTimeout = 0 },
	} {
		e := loadOf(t)
		change(e)
		if err := e.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	e := loadOf(t)
	e.Schedule, e.Duration = scheduleOf(t, "1/s..9/s:30s"), 0
	if err := e.Validate(); err != nil || e.length() != 30*time.Second {
		t.Errorf("a schedule that says its length: %v, %v", e.length(), err)
	}
}
