package round_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
)

func troubleOf(message string) *record.Trouble {
	return &record.Trouble{Causes: record.CausesIn(message), Message: message}
}

// short is a round of ten services, fired at ten seconds into the run, of which one
// was left out, two were answered, and each of the others stood elsewhere when its
// request ended at 110 s.
func short() *record.Run {
	b := runtest.New("r", "runc")
	b.Add("runc", 1, time.Second, runtest.Discarded)
	for i := range 9 {
		b.Add("runc", 10, 100*time.Second, func(s *record.Sample) {
			s.Block, s.Service = 1, fmt.Sprintf("s%d", i)
			s.Intended, s.Sent = 10*time.Second, 10*time.Second
			switch {
			case i < 2:
				s.ResponseLatency = 5 * time.Second
			case i < 6:
				runtest.TimedOut(s)
			case i < 8:
				runtest.Failed(record.HTTP)(s)
				s.Status, s.Trouble = 504, troubleOf("pod s7-x: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu, 1 Too many pods.")
			default:
				runtest.Failed(record.Reset)(s)
				s.Error = "connection broke before the answer"
			}
			s.Done = s.Sent + s.ResponseLatency
		})
	}
	r := b.Run()
	r.Header.Shape, r.Header.Cluster.Nodes, r.Header.Cluster.MemoryBytes = record.Shape{Rounds: true}, 1, 1000
	event := func(at time.Duration, kind record.Kind, service int) {
		r.Events = append(r.Events, record.Event{At: at, Kind: kind, RuntimeClass: "runc", Service: fmt.Sprintf("s%d", service), UID: fmt.Sprintf("u%d", service)})
	}
	const s = time.Second
	event(2*s, record.EventInstanceCreated, 2) // of the round before
	for i := 3; i < 9; i++ {
		event(11*s, record.EventInstanceCreated, i)
	}
	for i := 4; i < 9; i++ {
		event(12*s, record.EventInstanceScheduled, i)
	}
	for i := 5; i < 9; i++ {
		event(13*s, record.EventInstanceRunning, i)
	}
	event(14*s, record.EventInstanceReady, 6)
	event(200*s, record.EventInstanceReady, 5) // too late
	event(15*s, record.EventInstanceReady, 7)
	event(90*s, record.EventInstanceGone, 8)
	trouble := func(at time.Duration, service, message string) {
		r.Events = append(r.Events, record.Event{At: at, Kind: record.EventInstanceTrouble, RuntimeClass: "runc", Service: service, Message: message, Causes: record.CausesIn(message)})
	}
	trouble(12*s, "s3", "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.")
	trouble(13*s, "s8", "container user-container was restarted, exit code 137: OOMKilled")
	trouble(13*s, "elsewhere", "Unschedulable: 1 Insufficient cpu")
	trouble(500*s, "s4", "Unschedulable: 1 Insufficient cpu")
	condition := func(at time.Duration, value float64, kind, state string) {
		r.Events = append(r.Events, record.Event{At: at, Kind: record.EventNodeCondition, Value: value,
			Node: "n", Condition: kind, Message: fmt.Sprintf("node n: %s is %s", kind, state)})
	}
	condition(1*s, 1, "DiskPressure", "True: full")
	condition(2*s, 1, "PIDPressure", "True: many")
	condition(3*s, 0, "DiskPressure", "False: fine")
	condition(50*s, 1, "MemoryPressure", "True: low")
	condition(60*s, 0, "MemoryPressure", "False: fine")
	condition(300*s, 1, "Ready", "Unknown: lost")
	for i, at := range []time.Duration{9 * s, 20 * s, 60 * s, 100 * s, 150 * s} {
		r.Resources = append(r.Resources, record.Resource{Scope: record.ScopeNode, Node: "n", At: at, CPUs: 2,
			MemoryBytes: int64(500 + 100*i), CPU: at*2 - at/50})
	}
	return r
}

func TestShortfall(t *testing.T) {
	share := 0.99
	want := []round.Shortfall{{
		Block: 1, Services: 10, Answered: 2, NoSample: 1,
		Requests: []round.Tally{{"client timeout", 4}, {"HTTP 504", 2}, {"connection reset", 1}},
		Stages: []round.Tally{
			{"Ready, not answered", 2}, {"created, not scheduled", 1}, {"instance gone", 1}, {"no instance created", 1},
			{"running, not Ready", 1}, {"scheduled, not running", 1},
		},
		Troubles: []round.PodTrouble{
			{"scheduler: Insufficient cpu, by requests, not by use", 3, "pod s7-x: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu, 1 Too many pods."},
			{"scheduler: Too many pods, the kubelet's maxPods", 2, "pod s7-x: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu, 1 Too many pods."},
			{"out of memory (OOMKilled)", 1, "container user-container was restarted, exit code 137: OOMKilled"},
		},
		Conditions: []string{"node n: MemoryPressure is True: low", "node n: PIDPressure is True: many"},
		Nodes:      []round.NodeUse{{Node: "n", CPUShare: &share, CPUs: 2, Saturated: true, MemoryMost: 800, MemoryTotal: 1000}},
	}}
	s := analysis.Summarise(short())
	if diff := cmp.Diff(want, s.Cells[0].Shortfalls); diff != "" {
		t.Error(diff)
	}
}

func TestARoundThatWasAnsweredHasNoShortfall(t *testing.T) {
	r := bursts()
	r.Samples = r.Samples[:3]
	if got := analysis.Summarise(r).Cells[0].Shortfalls; got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestShortfallOfARunThatWatchedNothing(t *testing.T) {
	want := []round.Shortfall{{Services: 3, Answered: 1, Block: 1, Requests: []round.Tally{{"client timeout", 2}}}}
	if diff := cmp.Diff(want, analysis.Summarise(bursts()).Cells[0].Shortfalls); diff != "" {
		t.Error(diff)
	}
}
