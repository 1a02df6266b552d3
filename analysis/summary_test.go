package analysis

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func codes(list []Warning) []Code {
	var c []Code
	for _, w := range list {
		c = append(c, w.Code)
	}
	return c
}

func TestSummariseCountsEverySampleOnce(t *testing.T) {
	r := runtest.New("r", "runc").
		Add("runc", 1, 9*time.Second, runtest.Discarded).
		Add("runc", 1, 1*time.Second).
		Add("runc", 1, 2*time.Second).
		Add("runc", 1, 50*time.Millisecond, runtest.Coldness(record.Warm)).
		Add("runc", 1, 3*time.Second, runtest.Coldness(record.Unknown)).
		Add("runc", 1, 0, runtest.TimedOut).
		Add("runc", 1, 0, runtest.TimedOut, runtest.Coldness(record.Unknown)).
		Add("runc", 1, time.Second, runtest.Failed(record.HTTP)).
		Run()
	s := Summarise(r)
	want := Counts{Samples: 7, Discarded: 1, Cold: 4, Warm: 1, Unknown: 2, OK: 4,
		Proofs: map[record.Proof]int{record.ProofAnswer: 2, record.ProofExclusion: 2},
		Failed: map[record.Outcome]int{record.Timeout: 2, record.HTTP: 1}, Measured: 3, Censored: 1}
	if diff := cmp.Diff(want, s.Cells[0].Counts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Code{NotCold, LostTimeouts, Failures}, codes(s.Warnings)); diff != "" {
		t.Error(diff)
	}
	if got := s.Cells[0].Min.String() + " " + s.Cells[0].P50.String() + " " + s.Cells[0].Max.String(); got != "1.00s 2.00s >100s" {
		t.Errorf("min, median and max are %s", got)
	}
}

func TestStartsWithAPullAreLeftOut(t *testing.T) {
	pulled := func(s *record.Sample) { s.Pulled = true }
	for _, withPull := range []bool{false, true} {
		r := runtest.New("r", "runc").
			Add("runc", 1, 9*time.Second, pulled).
			Add("runc", 1, 1*time.Second).
			Add("runc", 1, 0, runtest.TimedOut, pulled).
			Run()
		r.Header.Settings.WithPull = withPull
		c, warned := readAgain(t, r), Code("")
		for _, w := range c.Warnings {
			warned = w.Code
		}
		got, want := c.Cells[0].Counts, Counts{Samples: 3, Cold: 3, OK: 2, Pulled: 2, PulledOut: 1, Measured: 2, Censored: 1}
		code := Pulled
		if withPull {
			want.PulledOut, want.Measured, code = 0, 3, ""
		}
		want.Proofs, want.Failed = got.Proofs, got.Failed
		if diff := cmp.Diff(want, got); diff != "" || warned != code {
			t.Errorf("with pull %v: warning %q, counts (-want +got):\n%s", withPull, warned, diff)
		}
	}
}

// readAgain summarises a run as it is read from its file.
func readAgain(t *testing.T, r *record.Run) *Summary {
	t.Helper()
	var file bytes.Buffer
	w, err := record.NewWriter(&file, r.Header)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Samples {
		if err := w.Sample(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(r.End.At, r.End.Reason, nil); err != nil {
		t.Fatal(err)
	}
	again, err := record.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	return Summarise(again)
}

func TestSummariseOrdersCells(t *testing.T) {
	b := runtest.New("r", "gvisor", "crun", "absent")
	for _, services := range []int{10, 1} {
		for _, class := range []string{"crun", "unlisted", "gvisor"} {
			b.Add(class, services, time.Second)
		}
	}
	s := Summarise(b.Run())
	var got []string
	for _, c := range s.Cells {
		got = append(got, c.Key.String())
	}
	want := []string{"gvisor", "crun", "unlisted", "gvisor at 10 services", "crun at 10 services", "unlisted at 10 services"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Code{NoSamples}, codes(s.Warnings)); diff != "" {
		t.Errorf("a class without samples: %s", diff)
	}
}

func TestSummarisePoolsRunsAndTellsOfBrokenFiles(t *testing.T) {
	killed := runtest.New("b", "runc").Add("runc", 1, 3*time.Second).Run()
	killed.End, killed.Warnings = nil, []string{"the run did not end"}
	s := Summarise(runtest.New("a", "runc").Add("runc", 1, time.Second).Run(), killed)
	if s.Cells[0].Measured != 2 || len(s.Runs) != 2 || s.Runs[1].End != "" {
		t.Errorf("pooled to %+v from %+v", s.Cells[0].Counts, s.Runs)
	}
	if !slices.Contains(codes(s.Warnings), IncompleteFile) {
		t.Errorf("warnings are %v", s.Warnings)
	}
}

func TestRatioIsToTheFirstClassAtTheSameServices(t *testing.T) {
	b := runtest.New("r", "runc", "gvisor")
	for i := range 20 {
		at := time.Duration(20+i) * 100 * time.Millisecond
		b.Add("runc", 1, at).Add("gvisor", 1, 2*at).Add("runc", 5, 3*at).Add("gvisor", 5, 3*at)
	}
	s := Summarise(b.Run())
	if s.Cells[0].Ratio != nil || s.Cells[2].Ratio != nil {
		t.Error("the first class has a ratio to itself")
	}
	if r := s.Cells[1].Ratio; r == nil || r.Value != 2 || r.Low <= 1.5 || r.High >= 2.5 {
		t.Errorf("gvisor at 1 is %+v", r)
	}
	if r := s.Cells[3].Ratio; r == nil || r.Value != 1 {
		t.Errorf("gvisor at 5 is %+v", r)
	}
}

func TestALateClientIsTheFirstWarning(t *testing.T) {
	b := runtest.New("r", "runc").Add("runc", 1, time.Second, runtest.Failed(record.Reset))
	b.Add("runc", 1, time.Second, runtest.Late(300*time.Millisecond))
	s := Summarise(b.Run())
	if len(s.Warnings) < 2 || s.Warnings[0].Code != ClientLate {
		t.Fatalf("warnings are %v", s.Warnings)
	}
	if s.Lateness.Max != 300*time.Millisecond || !s.Lateness.Late {
		t.Errorf("lateness is %+v", s.Lateness)
	}
	// One percent of a median of a minute is allowed.
	slow := runtest.New("r", "runc").Add("runc", 1, time.Minute, runtest.Late(300*time.Millisecond)).Run()
	if l := Summarise(slow).Lateness; l.Late {
		t.Errorf("300 ms of a minute is late: %+v", l)
	}
}

func TestSummariseNothing(t *testing.T) {
	s := Summarise(runtest.New("r", "runc").Run())
	if len(s.Cells) != 0 || len(s.Warnings) != 1 || s.Warnings[0].Code != NoSamples {
		t.Errorf("an empty run is %+v", s)
	}
	only := Summarise(runtest.New("r", "runc").Add("runc", 1, time.Second, runtest.Discarded).Run())
	if c := only.Cells[0]; c.P50 != nil || c.Discarded != 1 {
		t.Errorf("a run of one discarded sample is %+v", c)
	}
}

func TestPhases(t *testing.T) {
	b := runtest.New("r", "runc")
	for i := range 5 {
		b.Add("runc", 1, time.Duration(i+8)*100*time.Millisecond, runtest.Phases)
	}
	// Most samples do not know their sandbox, one has a clock that runs ahead.
	b.Add("runc", 1, time.Second, runtest.Phases, func(s *record.Sample) {
		s.Phases = append(s.Phases, record.Phase{Name: record.PhaseSandboxReady, At: s.Sent, Clock: record.ClockAPI})
	})
	ms := time.Millisecond
	want := []Phase{
		{Name: "requested", Samples: 6, StepSamples: 6, Resolution: 2, Clock: "client"},
		{Name: "scaled", Samples: 6, StepSamples: 6, SinceRequested: 50 * ms, Step: 50 * ms, Resolution: ms + 1, Clock: "watch"},
		{Name: "podCreated", Samples: 6, StepSamples: 6, SinceRequested: 100 * ms, Step: 50 * ms, Resolution: 2 * ms, Clock: "watch"},
		{Name: "podScheduled", Samples: 6, StepSamples: 6, SinceRequested: 120 * ms, Step: 20 * ms, Resolution: 2 * ms, Clock: "watch"},
		{Name: "containersStarted", Samples: 6, StepSamples: 6, SinceRequested: 600 * ms, Step: 480 * ms, Resolution: time.Second + ms, Clock: "api"},
		{Name: "ready", Samples: 6, StepSamples: 6, SinceRequested: 900 * ms, Step: 300 * ms, Resolution: time.Second + ms, Clock: "watch"},
		{Name: "firstByte", Samples: 6, StepSamples: 6, SinceRequested: 990 * ms, Step: 90 * ms, Resolution: ms + 1, Clock: "client"},
		{Name: "done", Samples: 6, StepSamples: 6, SinceRequested: time.Second, Step: 10 * ms, Resolution: 2, Clock: "client"},
	}
	if diff := cmp.Diff(want, Summarise(b.Run()).Cells[0].Phases, cmpopts.IgnoreFields(Phase{}, "Steps")); diff != "" {
		t.Error(diff)
	}
}

func TestNegativeStepsAreShown(t *testing.T) {
	r := runtest.New("r", "runc").Add("runc", 1, time.Second, func(s *record.Sample) {
		s.Phases = []record.Phase{{Name: record.PhaseReady, At: s.Done + time.Second, Clock: record.ClockAPI, Resolution: time.Second}}
	}).Run()
	phases := Summarise(r).Cells[0].Phases
	if got := phases[2]; got.Name != record.PhaseFirstByte || got.Step >= 0 {
		t.Errorf("a step back in time is %+v", got)
	}
}

func TestPhasesOfSamplesThatShareNoBase(t *testing.T) {
	// Known by half of the samples each, and by none together.
	has := func(name record.PhaseName) func(*record.Sample) {
		return func(s *record.Sample) {
			s.Phases = []record.Phase{{Name: name, At: s.Sent + 1e6, Clock: record.ClockWatch}}
		}
	}
	r := runtest.New("r", "runc").
		Add("runc", 1, time.Second, has(record.PhaseScaled)).
		Add("runc", 1, time.Second, has(record.PhaseReady)).Run()
	for _, p := range Summarise(r).Cells[0].Phases {
		if p.Samples == 0 {
			t.Errorf("%s is the median of nothing", p.Name)
		}
	}
}

func TestTroublesAreToldOnceOfEachKind(t *testing.T) {
	r := runtest.New("r", "runc").Add("runc", 1, time.Second).Run()
	r.Events = []record.Event{
		{Kind: record.EventDiscardedRound, Message: "not a trouble"},
		{Kind: record.EventWatchDown, Message: "pods: too old"},
		{Kind: record.EventTrialSkipped, Service: "runc-1", RuntimeClass: "runc", Message: "not at zero after 2m0s"},
		{Kind: record.EventTrialSkipped, Service: "runc-2", RuntimeClass: "runc", Message: "not at zero after 2m0s"},
	}
	var got []string
	for _, w := range Summarise(r).Warnings {
		got = append(got, string(w.Code)+" "+w.Message)
	}
	want := []string{
		"trouble run r: trialSkipped 2 times, first: runc-1: not at zero after 2m0s",
		"trouble run r: watchDown: pods: too old",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
