package experiment

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
)

// A rate is doubled until it fails, and then halved between, on one service, with the
// panic mode followed until the end.
func TestLoadLimit(t *testing.T) {
	m, e := newMadeUp(t), &LoadLimit{Load: *loadOf(t), Stop: []string{"made up"}}
	e.Schedule, e.Duration = scheduleOf(t, "10/s"), time.Second
	sent := 0
	e.Failed = func(file string, _ record.Target) ([]string, error) {
		run := runFile(t, file)
		last := run.Intervals[len(run.Intervals)-1]
		if sent++; len(run.Intervals) < sent {
			t.Errorf("%d intervals after %d loads", len(run.Intervals), sent)
		}
		if last.Sent > 30 {
			return []string{"too many", "because"}, nil
		}
		return nil, nil
	}
	var judged []int
	result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
		if r, ok := n.(RateJudged); ok {
			judged = append(judged, r.Rate)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{10, 20, 40, 30, 35, 32}; !slices.Equal(judged, want) {
		t.Errorf("judged %v, want %v", judged, want)
	}
	run := runFile(t, result.RunFile)
	if s := run.Header.Settings; !s.UntilFailure || !slices.Equal(s.Stop, e.Stop) {
		t.Errorf("settings %+v", s)
	}
	for _, event := range run.Events {
		if event.Kind == record.EventLimit && (event.Value != 30 || event.Message != "at 32/s too many; because" || event.RuntimeClass != "runc") {
			t.Errorf("limit %+v", event)
		}
	}
	if found := kinds(run, record.EventLimit, record.EventPanicMode); !slices.Equal(found, []record.Kind{record.EventPanicMode, record.EventLimit}) {
		t.Errorf("events %v", found)
	}
	if !m.was("stop panic") {
		t.Errorf("asked %v", m.asked)
	}
}

func TestLoadLimitValidate(t *testing.T) {
	held := func(string, record.Target) ([]string, error) { return nil, nil }
	for want, change := range map[string]func(*LoadLimit){
		"a search begins with a whole number": func(e *LoadLimit) { e.Schedule = scheduleOf(t, "poisson:10/s") },
		"rate is 1/s..9/s":                    func(e *LoadLimit) { e.Schedule = scheduleOf(t, "1/s..9/s") },
		"rate is 0.5/s":                       func(e *LoadLimit) { e.Schedule = scheduleOf(t, "30/m") },
		"it cannot be standard output":        func(e *LoadLimit) { e.RunFile = "-" },
		"needs a function":                    func(e *LoadLimit) { e.Failed = nil },
		"rate is missing":                     func(e *LoadLimit) { e.Schedule = load.Schedule{} },
	} {
		e := &LoadLimit{Load: *loadOf(t), Failed: held}
		change(e)
		if err := e.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}
