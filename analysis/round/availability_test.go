package round_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
)

// availability finds one cell's.
func availability(t *testing.T, s *analysis.Summary, class string, services int) *round.Availability {
	t.Helper()
	for _, c := range s.Cells {
		if c.RuntimeClass == class && c.Services == services {
			return c.Availability
		}
	}
	t.Fatalf("no cell of %s at %d", class, services)
	return nil
}

// alike leaves out the times that everything else is made of.
var alike = cmp.Options{cmpopts.IgnoreUnexported(round.RoundAvailability{}),
	cmpopts.IgnoreFields(round.Availability{}, "ReadyAfter", "AnsweredAfter", "Gaps")}

func since(ms int) *time.Duration {
	d := time.Duration(ms) * time.Millisecond
	return &d
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// The figures below are those of scaled: instance i is created 150 + 2000 i ms after
// the start, is Ready 800 ms later, and answers 2 i - 5 ms after that.
func TestAvailabilityOfKnownRounds(t *testing.T) {
	s := analysis.Summarise(scaled().Run("r"))
	milestones := round.Milestones{FirstReady: since(950), AllReady: since(8950), FirstAnswered: since(945), AllAnswered: since(8953)}
	one := round.RoundAvailability{Milestones: milestones, Gap: &round.Gap{Instances: 5, Min: ms(-5), Median: ms(-1), Max: ms(3)}}
	first, second := one, one
	first.Block, second.Block = 1, 2
	want := &round.Availability{Rounds: []round.RoundAvailability{first, second}, Milestones: milestones,
		AllReadyRounds: 2, AllAnsweredRounds: 2, Gap: &round.Gap{Instances: 10, Min: ms(-5), Median: ms(-1), Max: ms(3)}}
	if diff := cmp.Diff(want, availability(t, s, "runc", 5), alike); diff != "" {
		t.Errorf("5 services (-want +got):\n%s", diff)
	}
	got := availability(t, s, "runc", 5)
	if diff := cmp.Diff([]time.Duration{ms(-5), ms(-5), ms(-3), ms(-3), ms(-1), ms(-1), ms(1), ms(1), ms(3), ms(3)}, got.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if len(got.ReadyAfter) != 10 || got.ReadyAfter[2] != ms(2950) || len(got.AnsweredAfter) != 10 || got.AnsweredAfter[2] != ms(2947) {
		t.Errorf("Ready after %v, answered after %v", got.ReadyAfter, got.AnsweredAfter)
	}
	if got := availability(t, s, "runc", 1); got == nil || len(got.Rounds) != 2 || got.Gap.Median != ms(-5) {
		t.Errorf("a single service in a scale run: %+v", got)
	}
}

func TestAvailabilityCountsWhatHasNoGap(t *testing.T) {
	sweep := scaled()
	sweep.Classes, sweep.Services, sweep.Blocks = sweep.Classes[:1], []int{5}, 1
	r := sweep.Run("r")
	r.Samples[0].Instance.UID = "never seen to be Ready"
	runtest.TimedOut(&r.Samples[1])
	r.Samples[2].Instance = nil
	r.Samples[3].Cold = record.Warm
	// Ready twice counts once, from the first; of another class or round, not at all.
	r.Events = append(r.Events,
		record.Event{At: time.Minute, Kind: record.EventInstanceReady, RuntimeClass: "runc", UID: r.Samples[4].Instance.UID},
		record.Event{At: time.Minute, Kind: record.EventInstanceReady, RuntimeClass: "gvisor", UID: "x"},
		record.Event{At: time.Second, Kind: record.EventInstanceReady, RuntimeClass: "runc", UID: "before"})
	got := availability(t, analysis.Summarise(r), "runc", 5)
	want := round.RoundAvailability{Block: 1,
		Milestones: round.Milestones{FirstReady: since(950), AllReady: since(8950), FirstAnswered: since(945)},
		Gap:        &round.Gap{Instances: 1, Min: ms(3), Median: ms(3), Max: ms(3)},
		Mismatches: round.Mismatches{NeverAnswered: 4, NeverReady: 1, Unmatched: 2}}
	if diff := cmp.Diff([]round.RoundAvailability{want}, got.Rounds, alike); diff != "" {
		t.Errorf("rounds (-want +got):\n%s", diff)
	}
	if got.AllAnsweredRounds != 0 || got.AllReadyRounds != 1 || got.AllAnswered != nil {
		t.Errorf("of all rounds: %+v", got)
	}
}

func TestNoAvailabilityOfSingleStarts(t *testing.T) {
	r := runtest.New("r", "runc").Add("runc", 1, time.Second).Run()
	if got := availability(t, analysis.Summarise(r), "runc", 1); got != nil {
		t.Errorf("%+v", got)
	}
}

// Nothing is known of instances without a watch; answers are all the same.
func TestAvailabilityWithoutEvents(t *testing.T) {
	r := scaled().Run("r")
	r.Events = nil
	got := availability(t, analysis.Summarise(r), "gvisor", 10)
	if got.FirstReady != nil || got.Gap != nil || got.FirstAnswered == nil || got.NeverReady != 20 || got.NeverAnswered != 0 {
		t.Errorf("%+v", got)
	}
}
