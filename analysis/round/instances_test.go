package round_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
)

// bursts is two rounds of three services, ten seconds apart, of which the second
// has two that time out.
func bursts() *record.Run {
	b := runtest.New("r", "runc")
	for i := range 2 {
		for j := range 3 {
			b.Add("runc", 3, time.Duration(j+1)*time.Second, func(s *record.Sample) {
				s.Block = i
				s.Intended, s.Sent = time.Duration(10*i)*time.Second, time.Duration(10*i)*time.Second
				s.Wrote = s.Sent + time.Duration(j+1)*time.Millisecond
				s.Done = s.Sent + s.ResponseLatency
				s.Instance.UID = fmt.Sprintf("%d-%d", i, j)
				if i == 1 && j > 0 {
					runtest.TimedOut(s)
				}
			})
		}
	}
	return b.Run()
}

// counts leaves out what the counts are made of.
var counts = cmpopts.IgnoreUnexported(round.Instances{})

func aboutInstance(kind record.Kind, uid string, at time.Duration) record.Event {
	return record.Event{Kind: kind, UID: uid, At: at, RuntimeClass: "runc"}
}

func TestInstancesOfARunWithoutEvents(t *testing.T) {
	want := &round.Instances{Rounds: 2, Requested: 6, Spawned: 1, Scheduled: 1, Running: 1, Ready: 1, Complete: 1,
		TimeToAll: 3 * time.Second, WireSkew: 2 * time.Millisecond}
	if diff := cmp.Diff(want, analysis.Summarise(bursts()).Cells[0].Instances, counts); diff != "" {
		t.Error(diff)
	}
}

func TestInstances(t *testing.T) {
	r := bursts()
	const s = time.Second
	r.Events = []record.Event{
		aboutInstance(record.EventInstanceCreated, "before", -s),
		aboutInstance(record.EventInstanceCreated, "0-0", 1), aboutInstance(record.EventInstanceReady, "0-0", s),
		aboutInstance(record.EventInstanceCreated, "0-1", 1), aboutInstance(record.EventInstanceReady, "0-1", 2*s),
		aboutInstance(record.EventInstanceGone, "before", 2*s),
		aboutInstance(record.EventInstanceCreated, "0-2", 2*s), aboutInstance(record.EventInstanceReady, "0-2", 3*s),
		aboutInstance(record.EventInstanceGone, "0-0", 5*s), aboutInstance(record.EventInstanceGone, "0-1", 5*s),
		// The second round begins while 0-2 is still going.
		aboutInstance(record.EventInstanceCreated, "1-0", 10*s), aboutInstance(record.EventInstanceCreated, "1-1", 11*s),
		aboutInstance(record.EventInstanceReady, "1-0", 11*s), aboutInstance(record.EventInstanceReady, "1-1", 500*s),
		{Kind: record.EventInstanceCreated, UID: "another", At: 11 * s, RuntimeClass: "crun"},
		{Kind: record.EventInstanceCreated, At: 11 * s, RuntimeClass: "runc"},
	}
	want := &round.Instances{Rounds: 2, Requested: 6, Spawned: 2, Scheduled: 2, Running: 2, Ready: 2, Peak: 3, Complete: 1,
		TimeToAll: 3 * s, WireSkew: 2 * time.Millisecond}
	if diff := cmp.Diff(want, analysis.Summarise(r).Cells[0].Instances, counts); diff != "" {
		t.Error(diff)
	}
}

// A round of one service counts no instances itself, and those are not the round's
// before it.
func TestARoundEndsWithOneOfASingleService(t *testing.T) {
	const s = time.Second
	r := runtest.New("r", "runc").Add("runc", 2, s, func(x *record.Sample) { x.Block, x.Instance.UID = 0, "a" }).
		Add("runc", 2, s, func(x *record.Sample) { x.Block, x.Instance.UID = 0, "b" }).
		Add("runc", 1, s, func(x *record.Sample) { x.Intended, x.Sent, x.Block = 60*s, 60*s, 1 }).Run()
	r.Header.Shape = record.Shape{Rounds: true}
	r.Events = []record.Event{aboutInstance(record.EventInstanceCreated, "c", 61*s)}
	for _, c := range analysis.Summarise(r).Cells {
		if c.Services == 2 && c.Instances.Spawned != 2 || c.Services == 1 && c.Instances != nil {
			t.Errorf("%d services: %+v", c.Services, c.Instances)
		}
	}
}

func TestSingleServicesHaveNoRounds(t *testing.T) {
	if in := analysis.Summarise(runtest.New("r", "runc").Add("runc", 1, time.Second).Run()).Cells[0].Instances; in != nil {
		t.Errorf("got %+v", in)
	}
}
