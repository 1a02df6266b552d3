package metric

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func metricsOf(t *testing.T, run *record.Run) *Set {
	t.Helper()
	s, err := OfRun(analysis.Summarise(run))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// at is the point of a family with all of the labels. Labels are given as NAME, VALUE.
func (s *Set) at(t *testing.T, family string, labels ...string) Point {
	t.Helper()
	for _, f := range s.Families {
		for _, p := range f.Points {
			all := f.Name == family
			for i := 0; i < len(labels); i += 2 {
				all = all && slices.Contains(p.Labels, Label{labels[i], labels[i+1]})
			}
			if all {
				return p
			}
		}
	}
	t.Fatalf("no %s%v", family, labels)
	return Point{}
}

func (s *Set) has(family string) bool {
	return slices.ContainsFunc(s.Families, func(f Family) bool { return f.Name == family })
}

// A start that timed out, one that failed and one that was not made are counted, are in no
// bucket but the last, and are what the quantiles above them are.
func TestWhatWasNotAnsweredDoesNotVanish(t *testing.T) {
	b := runtest.New("r", "runc").
		Add("runc", 1, 100*time.Millisecond).
		Add("runc", 1, 100*time.Millisecond+1).
		Add("runc", 1, 2*time.Second).
		Add("runc", 1, 0, runtest.TimedOut).
		Add("runc", 1, time.Second, runtest.Failed(record.HTTP)).
		Add("runc", 1, time.Second, runtest.Coldness(record.Warm)).
		Add("runc", 1, time.Second, runtest.Discarded)
	s := metricsOf(t, b.Run())
	h := s.at(t, "response_latency").Buckets
	upTo := func(d time.Duration) int { return h.UpTo[slices.Index(Bounds, d)] }
	got := []int{upTo(50 * time.Millisecond), upTo(100 * time.Millisecond), upTo(125 * time.Millisecond), upTo(2 * time.Second), upTo(600 * time.Second), h.Count}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 3, 5}, got); diff != "" || !math.IsInf(h.Sum, 1) {
		t.Errorf("histogram with sum %g:\n%s", h.Sum, diff)
	}
	for number, want := range map[string]float64{"50": 2, "90": math.Inf(1), "100": math.Inf(1)} {
		if p := s.at(t, "response_latency_percentile", "percentile", number); p.Value != want {
			t.Errorf("percentile %s is %g, want %g", number, p.Value, want)
		}
	}
	for outcome, want := range map[string]float64{"ok": 4, "timeout": 1, "http": 1, "reset": 0, "notMade": 0} {
		if p := s.at(t, "starts", "outcome", outcome); p.Value != want {
			t.Errorf("%s: %g, want %g", outcome, p.Value, want)
		}
	}
	for cold, want := range map[string]float64{"proven": 5, "warm": 1, "unknown": 0} {
		if p := s.at(t, "samples", "cold", cold); p.Value != want {
			t.Errorf("%s: %g, want %g", cold, p.Value, want)
		}
	}
}

func TestAllAnswered(t *testing.T) {
	s := metricsOf(t, runtest.New("r", "runc").Add("runc", 1, 250*time.Millisecond).Add("runc", 1, 750*time.Millisecond).Run())
	if h := s.at(t, "response_latency").Buckets; h.Sum != 1 || h.Count != 2 || h.UpTo[len(h.UpTo)-1] != 2 {
		t.Errorf("histogram %+v", h)
	}
	if s.at(t, "run_ended", "reason", record.EndCompleted).Value != 1 || s.at(t, "run_ended", "reason", killed).Value != 0 || !s.has("run_end_time") {
		t.Error("the run is not completed")
	}
}

func TestAKilledRun(t *testing.T) {
	run := runtest.Three()
	run.End = nil
	s := metricsOf(t, run)
	if s.at(t, "run_ended", "reason", killed).Value != 1 || s.at(t, "run_ended", "reason", record.EndCompleted).Value != 0 || s.has("run_end_time") {
		t.Error("it is not shown that the run was killed")
	}
}

// An outcome that this version does not know is a failure like others.
func TestAnUnknownOutcomeIsAnError(t *testing.T) {
	s := metricsOf(t, runtest.New("r", "runc").Add("runc", 1, time.Second, runtest.Failed("eaten")).Run())
	if p := s.at(t, "starts", "outcome", "error"); p.Value != 1 {
		t.Errorf("errors: %g", p.Value)
	}
}

// The counts of a load add up, and its buckets are those of the requests that were answered.
func TestALoad(t *testing.T) {
	s := metricsOf(t, runtest.Loaded())
	h := s.at(t, "load_latency", "runtime_class", "runc").Buckets
	if h.Count != 500 || h.UpTo[len(h.UpTo)-1] != 491 || !math.IsInf(h.Sum, 1) {
		t.Errorf("histogram %+v", h)
	}
	if !slices.IsSorted(h.UpTo) {
		t.Errorf("the buckets do not grow: %v", h.UpTo)
	}
	sum := 0.0
	for _, o := range append(slices.Clone(outcomes), "dropped") {
		sum += s.at(t, "load_requests", "runtime_class", "runc", "outcome", string(o)).Value
	}
	if sum != 500 {
		t.Errorf("%g requests by outcome, want 500", sum)
	}
}

// No two points of a family have the same labels, and none has a name that Prometheus or
// OpenTelemetry would have to change.
func TestPointsDiffer(t *testing.T) {
	runs := map[string]*record.Run{"three": runtest.Three(), "troubled": runtest.Troubled(), "burst": runtest.Burst(), "scaled": runtest.Scaled(),
		"limited": runtest.Limited(), "load": runtest.Loaded(), "deployed": runtest.Deployed(), "work": runtest.Worked(), "empty": runtest.New("r", "runc").Run()}
	for name, run := range runs {
		families := map[string]bool{}
		for _, f := range metricsOf(t, run).Families {
			if families[f.Name] || f.Help == "" || len(f.Points) == 0 {
				t.Errorf("%s: %s is there twice, empty or without help", name, f.Name)
			}
			families[f.Name] = true
			points := map[string]bool{}
			for _, p := range f.Points {
				if text := fmt.Sprint(p.Labels); points[text] {
					t.Errorf("%s: %s%s is there twice", name, f.Name, text)
				} else {
					points[text] = true
				}
			}
		}
	}
}

func TestSeveralRuns(t *testing.T) {
	if _, err := OfRun(analysis.Summarise(runtest.Three(), runtest.Burst())); !errors.Is(err, ErrSeveral) {
		t.Errorf("error %v", err)
	}
}

func TestAVerdict(t *testing.T) {
	runs := []*record.Run{runtest.Three()}
	result, err := (&gate.File{Thresholds: thresholds(t, "p(50)<10s", "p(50)<10s", "gvisor: p(50)<1s")}).Judge(runs, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := OfVerdict(result, analysis.Summarise(runs...), "")
	for verdict, want := range map[string]float64{"fail": 1, "pass": 0, "inconclusive": 0, "invalid": 0} {
		if p := s.at(t, "gate_verdict", "verdict", verdict); p.Value != want {
			t.Errorf("%s is %g, want %g", verdict, p.Value, want)
		}
	}
	if s.at(t, "gate_exit_code").Value != gate.ExitFail || s.at(t, "gate_judgement", "runtime_class", "gvisor", "question", "p(50)<1s", "verdict", "fail").Value != 1 {
		t.Error("the failure is not shown")
	}
	if s.at(t, "gate_judgement", "runtime_class", "runc", "number", "2", "verdict", "pass").Value != 1 {
		t.Error("what is asked twice is not told apart")
	}
	if s.Start.IsZero() || !s.End.After(s.Start) {
		t.Errorf("the verdict is about %v to %v", s.Start, s.End)
	}
}

func thresholds(t *testing.T, texts ...string) []gate.Threshold {
	t.Helper()
	var list []gate.Threshold
	for _, text := range texts {
		one, err := gate.ParseSLO(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	return list
}

func TestLabels(t *testing.T) {
	labels, err := ParseLabels([]string{"experiment=nightly", "site=a=b"})
	if err != nil {
		t.Fatal(err)
	}
	s := metricsOf(t, runtest.Three())
	if err := s.Label(labels...); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Families {
		for _, p := range f.Points {
			if !slices.Contains(p.Labels, Label{"experiment", "nightly"}) || !slices.Contains(p.Labels, Label{"site", "a=b"}) {
				t.Errorf("%s%v lacks a label", f.Name, p.Labels)
			}
		}
	}
	for _, name := range []string{"runtime_class", "le", "run_id"} {
		if err := metricsOf(t, runtest.Three()).Label(Label{name, "x"}); err == nil {
			t.Errorf("%s stands for two things", name)
		}
	}
	for _, text := range []string{"", "a", "a=", "=b", "__a=b", "1a=b", "a-b=c", "ä=b"} {
		if _, err := ParseLabels([]string{text}); err == nil {
			t.Errorf("%q is taken for a label", text)
		}
	}
	if _, err := ParseLabels([]string{"a=1", "a=2"}); err == nil {
		t.Error("one name has two values")
	}
}
