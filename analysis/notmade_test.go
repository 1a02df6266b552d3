package analysis

import (
	"fmt"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func skipped(r *record.Run, service string) {
	r.Events = append(r.Events, record.Event{Type: record.TypeEvent, Kind: record.EventTrialSkipped, RuntimeClass: "runc", Service: service, Message: "not at zero"})
}

// A start that failed or was not made is slower than any that was answered, in the
// tables as in the gate. What was answered alone stands beside it, labelled.
func TestFailuresRankAboveLatencies(t *testing.T) {
	b := runtest.New("r", "runc")
	for i := range 100 {
		if i < 91 {
			b.Add("runc", 1, time.Second+time.Duration(i)*time.Millisecond)
		} else {
			b.Add("runc", 1, time.Minute, runtest.Failed(record.HTTP))
		}
	}
	r := b.Run()
	c := Summarise(r).Cells[0]
	if !c.P95.Failed || !c.Max.Failed || c.P50.Failed || c.P90.Failed {
		t.Errorf("p50 %s, p90 %s, p95 %s, max %s", c.P50, c.P90, c.P95, c.Max)
	}
	if a := c.Answered; a == nil || a.N != 91 || a.Max.Latency != 1090*time.Millisecond {
		t.Errorf("of the answered alone: %+v", a)
	}
	for i := range 100 {
		skipped(r, fmt.Sprint("runc-", i))
	}
	c = Summarise(r).Cells[0]
	if c.NotMade != 100 || c.Planned() != 200 || c.Measured != 200 || !c.P50.Failed {
		t.Errorf("100 that were not made: %+v, p50 %s", c.Counts, c.P50)
	}
}

// In a round the number is known, whether events tell of it or not.
func TestServicesThatWereLeftOutOfARound(t *testing.T) {
	for _, events := range []int{0, 300} {
		b := runtest.New("r", "runc")
		for i := range 200 {
			b.Add("runc", 500, time.Second, func(s *record.Sample) { s.Block, s.Service = 1, fmt.Sprint("sent-", i) })
		}
		r := b.Run()
		for i := range events {
			skipped(r, fmt.Sprint("left-", i))
		}
		if c := Summarise(r).Cells[0]; c.NotMade != 300 || !c.P50.Failed {
			t.Errorf("%d events: %+v", events, c.Counts)
		}
	}
}

func TestAllAnsweredHasNoFiguresOfTheAnsweredAlone(t *testing.T) {
	r := runtest.New("r", "runc").Add("runc", 1, time.Second).Run()
	if c := Summarise(r).Cells[0]; c.Answered != nil || c.NotMade != 0 {
		t.Errorf("%+v", c)
	}
}

// A run of which everything was skipped counts beside others that have samples.
func TestARunOfWhichNothingWasMade(t *testing.T) {
	empty, full := runtest.New("1", "runc").Run(), runtest.New("2", "runc").Add("runc", 1, time.Second).Run()
	skipped(empty, "runc-1")
	for name, runs := range map[string][]*record.Run{"first": {empty, full}, "last": {full, empty}} {
		if c := Summarise(runs...).Cells[0]; c.NotMade != 1 || c.Samples != 1 {
			t.Errorf("%s: %+v", name, c.Counts)
		}
	}
	if s := Summarise(empty); len(s.Cells) != 0 || len(s.Warnings) == 0 || s.Warnings[0].Code != NoSamples {
		t.Errorf("alone: %d cells, warnings %v", len(s.Cells), s.Warnings)
	}
}
