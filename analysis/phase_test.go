package analysis

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Where some samples do not know the phase before, the two medians of a phase are of
// different numbers of samples.
func TestPhasesCountTheSamplesOfEachMedian(t *testing.T) {
	ready := func(s *record.Sample) {
		s.Phases = []record.Phase{{Name: record.PhaseReady, At: s.Sent + 900*time.Millisecond, Clock: record.ClockWatch}}
	}
	b := runtest.New("r", "runc")
	for range 3 {
		b.Add("runc", 1, time.Second, ready)
	}
	b.Add("runc", 1, time.Second)
	b.Add("runc", 1, 5*time.Second)
	type counts struct {
		Samples, StepSamples int
		SinceRequested       time.Duration
	}
	got := map[record.PhaseName]counts{}
	for _, p := range Summarise(b.Run()).Cells[0].Phases {
		got[p.Name] = counts{p.Samples, p.StepSamples, p.SinceRequested}
	}
	want := map[record.PhaseName]counts{
		record.PhaseRequested: {5, 5, 0},
		record.PhaseReady:     {3, 3, 900 * time.Millisecond},
		record.PhaseFirstByte: {5, 3, 990 * time.Millisecond},
		record.PhaseDone:      {5, 5, time.Second},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Instants of a worker's clock are as uncertain as that is, but not what lies between two of
// them.
func TestPhasesOfAWorker(t *testing.T) {
	const ms = time.Millisecond
	b := runtest.New("r", "runc")
	b.Add("runc", 1, time.Second, func(s *record.Sample) {
		s.ClockUncertainty = 30 * ms
		s.Phases = []record.Phase{
			{Name: record.PhaseRequested, At: s.Sent, Clock: record.ClockClient, Resolution: s.Resolution()},
			{Name: record.PhaseReady, At: s.Sent + 900*ms, Clock: record.ClockWatch, Resolution: ms},
		}
	})
	got := map[record.PhaseName]time.Duration{}
	for _, p := range Summarise(b.Run()).Cells[0].Phases {
		got[p.Name] = p.Resolution
	}
	want := map[record.PhaseName]time.Duration{
		record.PhaseRequested: 2, record.PhaseReady: 31*ms + 1, record.PhaseFirstByte: 31*ms + 1, record.PhaseDone: 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
