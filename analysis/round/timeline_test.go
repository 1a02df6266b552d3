package round_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
)

// sided is a run of two sides, of which each answers once.
func sided() *record.Run {
	b := runtest.New("r")
	for i, variant := range []string{record.VariantA, record.VariantB} {
		b.Add("runc", 1, time.Second, func(s *record.Sample) {
			s.Variant, s.Instance.UID = variant, variant
			s.FirstByte = time.Duration(10*i+4) * time.Second
		})
	}
	r := b.Run()
	for i, variant := range []string{record.VariantA, record.VariantB} {
		for seconds, kind := range map[int]record.Kind{1: record.EventInstanceCreated, 2: record.EventInstanceScheduled, 3: record.EventInstanceReady, 5: record.EventInstanceGone} {
			r.Events = append(r.Events, record.Event{Kind: kind, At: time.Duration(10*i+seconds) * time.Second, RuntimeClass: "runc", Variant: variant, UID: variant})
		}
	}
	return r
}

func TestTheInstancesOfEachSideAnswer(t *testing.T) {
	const s = time.Second
	line := func(variant string, at time.Duration) *round.Line {
		return &round.Line{
			Class: record.Key{RuntimeClass: "runc", Variant: variant}, Spawned: 1, Peak: 1, PeakReady: 1, PeakAnswering: 1,
			Changes: []round.Change{{At: at + s, Alive: 1}, {At: at + 3*s, Alive: 1, Ready: 1}, {At: at + 4*s, Alive: 1, Ready: 1, Answering: 1}, {At: at + 5*s}},
		}
	}
	want := &round.Timeline{RunID: "r", Lines: []*round.Line{line("a", 0), line("b", 10*s)}}
	if diff := cmp.Diff(want, round.TimelineOf(sided())); diff != "" {
		t.Error(diff)
	}
}

func TestATimelineOfWhatNobodyWatched(t *testing.T) {
	if got := round.TimelineOf(runtest.New("r", "runc").Add("runc", 1, time.Second).Run()); got != nil {
		t.Errorf("got %+v", got)
	}
}

// Answers of instances that were never seen count nothing, and what comes to a later
// stage exists although nothing said that it was created.
func TestATimelineWithGaps(t *testing.T) {
	r := runtest.New("r", "runc").Add("runc", 1, time.Second, func(s *record.Sample) { s.Instance.UID = "never seen" }).Run()
	r.Events = []record.Event{
		aboutInstance(record.EventInstanceReady, "late", time.Second),
		aboutInstance(record.EventInstanceGone, "late", 2*time.Second),
		aboutInstance(record.EventInstanceGone, "unknown", 3*time.Second),
	}
	want := []round.Change{{At: time.Second, Alive: 1, Ready: 1}, {At: 2 * time.Second}, {At: 3 * time.Second}}
	got := round.TimelineOf(r)
	if diff := cmp.Diff(want, got.Lines[0].Changes); diff != "" {
		t.Error(diff)
	}
	if line := got.Lines[0]; line.Spawned != 0 || line.Peak != 1 || line.PeakAnswering != 0 {
		t.Errorf("%+v", line)
	}
}
