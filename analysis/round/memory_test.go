package round_test

import (
	"math"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

const mib = runtest.MiB

// scaled is a sweep of two classes, paced so slowly that some instances are Ready
// while others are not there yet.
func scaled() *runtest.Scale {
	return &runtest.Scale{
		Classes: []runtest.ScaleClass{
			{Name: "runc", Group: 20 * mib, Outside: 10 * mib, Start: 800 * time.Millisecond, Gap: -5 * time.Millisecond, Spread: 2 * time.Millisecond},
			{Name: "gvisor", Group: 50 * mib, Outside: 25 * mib, Start: 1500 * time.Millisecond, Gap: 10 * time.Millisecond},
		},
		Services: []int{1, 5, 10}, Blocks: 2, Every: 2 * time.Second, Noise: 2 * mib, Drift: 3 * mib, Seed: 1,
	}
}

// memory finds one row.
func memory(s *analysis.Summary, class string, source round.MemorySource) *round.Memory {
	for i := range s.Memory {
		if m := &s.Memory[i]; m.RuntimeClass == class && m.Source == source {
			return m
		}
	}
	return nil
}

func TestMemoryPerInstanceIsFound(t *testing.T) {
	s := analysis.Summarise(scaled().Run("r"))
	for _, test := range []struct {
		class     string
		source    round.MemorySource
		want      float64 // MiB
		within    float64
		intercept float64
	}{
		{"runc", round.NodeMemory, 30, 0.5, 3500},
		{"gvisor", round.NodeMemory, 75, 0.5, 3500},
		{"runc", round.NodeGroupMemory, 30, 1e-6, 3000},
		{"gvisor", round.NodeGroupMemory, 75, 1e-6, 3000},
		{"runc", round.PodMemory, 20, 1e-6, 0},
		{"gvisor", round.PodMemory, 50, 1e-6, 0},
	} {
		m := memory(s, test.class, test.source)
		if m == nil {
			t.Errorf("%s, %s: nothing", test.class, test.source)
			continue
		}
		p := m.PerInstance
		if math.Abs(float64(p.Value)/mib-test.want) > test.within || !p.Interval || m.MostInstances != 10 || p.Series != 6 {
			t.Errorf("%s, %s: %.3f MiB in %+v of up to %d, want %.3f", test.class, test.source, p.Value/mib, p, m.MostInstances, test.want)
		}
		// The drift between rounds is in the mean of the intercepts only.
		if got := float64(p.Intercept)/mib - test.intercept; math.Abs(got) > 150 || test.intercept == 0 && math.Abs(got) > 1e-6 {
			t.Errorf("%s, %s: intercept %.1f MiB, want about %.1f", test.class, test.source, p.Intercept/mib, test.intercept)
		}
		if test.class == "gvisor" && (m.Ratio == nil || math.Abs(float64(m.Ratio.Value)-2.5) > 0.05 || !m.Ratio.Interval) {
			t.Errorf("%s, %s: ratio %+v, want 2.5", test.class, test.source, m.Ratio)
		}
		if test.class == "runc" && m.Ratio != nil {
			t.Errorf("the first class has ratio %+v", m.Ratio)
		}
	}
}

// In a burst only no instance and all of them are settled numbers.
func TestMemoryOfABurst(t *testing.T) {
	sweep := scaled()
	sweep.Every = 0
	s := analysis.Summarise(sweep.Run("r"))
	for _, source := range []round.MemorySource{round.NodeGroupMemory, round.PodMemory} {
		m := memory(s, "runc", source)
		want := map[round.MemorySource]float64{round.NodeGroupMemory: 30, round.PodMemory: 20}[source]
		if m == nil || math.Abs(float64(m.PerInstance.Value)/mib-want) > 1e-6 || m.PerInstance.Points != 12 {
			t.Errorf("%s: %+v, want %.1f MiB from 2 points of 6 rounds", source, m, want)
		}
	}
}

func TestMemoryThatCannotBeSaid(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*record.Run)
		want   []round.MemorySource // that are left of runc's
	}{
		"no readings": {func(r *record.Run) { r.Resources = nil }, nil},
		"no events":   {func(r *record.Run) { r.Events = nil }, nil},
		"never Ready": {func(r *record.Run) { r.Events = without(r.Events, record.EventInstanceReady) }, nil},
		"another class stays": {func(r *record.Run) {
			r.Events = append(r.Events, record.Event{Kind: record.EventInstanceScheduled, RuntimeClass: "gvisor", UID: "stays"})
		}, nil},
		"another class waits for a node": {func(r *record.Run) {
			r.Events = append(r.Events, record.Event{Kind: record.EventInstanceCreated, RuntimeClass: "gvisor", UID: "waits"})
		}, []round.MemorySource{round.NodeMemory, round.NodeGroupMemory, round.PodMemory}},
		"two nodes": {func(r *record.Run) {
			for i := range r.Resources {
				if r.Resources[i].Scope == record.ScopeNode && i%2 == 0 {
					r.Resources[i].Node = "other"
				}
			}
		}, []round.MemorySource{round.PodMemory}},
		"no cgroup of the node": {func(r *record.Run) {
			for i := range r.Resources {
				r.Resources[i].WorkingSetBytes = 0
			}
		}, []round.MemorySource{round.NodeMemory, round.PodMemory}},
		"all discarded": {func(r *record.Run) {
			for i := range r.Samples {
				r.Samples[i].Discarded = true
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := scaled().Run("r")
			test.change(r)
			s := analysis.Summarise(r)
			for _, source := range []round.MemorySource{round.NodeMemory, round.NodeGroupMemory, round.PodMemory} {
				want := false
				for _, w := range test.want {
					want = want || w == source
				}
				if got := memory(s, "runc", source) != nil; got != want {
					t.Errorf("%s: there is a slope: %v, want %v", source, got, want)
				}
			}
		})
	}
}

// One instance, started once, is less than what else a node does meanwhile.
func TestMemoryOfOneInstanceOnce(t *testing.T) {
	sweep := scaled()
	sweep.Services, sweep.Blocks = []int{1}, 1
	if s := analysis.Summarise(sweep.Run("r")); len(s.Memory) != 0 {
		t.Errorf("%+v, want nothing", s.Memory)
	}
}

func without(events []record.Event, kind record.Kind) []record.Event {
	var rest []record.Event
	for _, e := range events {
		if e.Kind != kind {
			rest = append(rest, e)
		}
	}
	return rest
}

// Where the first class has no slope, no other is related to the second.
func TestMemoryRatioIsOfTheFirstClassAlone(t *testing.T) {
	sweep := scaled()
	sweep.Classes = append([]runtest.ScaleClass{{Name: "first", Start: time.Second}}, sweep.Classes...)
	r := sweep.Run("r")
	var rest []record.Event
	for _, e := range r.Events {
		if e.RuntimeClass != "first" {
			rest = append(rest, e)
		}
	}
	r.Events = rest
	s := analysis.Summarise(r)
	if m := memory(s, "gvisor", round.NodeGroupMemory); m == nil || m.Ratio != nil {
		t.Errorf("gvisor: %+v, want no ratio", m)
	}
}

// Several runs are one set of rounds.
func TestMemoryOfSeveralRuns(t *testing.T) {
	s := analysis.Summarise(scaled().Run("a"), scaled().Run("b"))
	if m := memory(s, "runc", round.PodMemory); m == nil || m.PerInstance.Series != 12 || len(m.Rounds) != 12 {
		t.Errorf("%+v, want 12 rounds", m)
	}
	if got := memory(s, "runc", round.PodMemory).Rounds[0]; len(got) == 0 || got[0] != (stat.XY{}) {
		t.Errorf("the first round begins with %v, want nothing at no instance", got)
	}
}
