package runtest

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// The runs in this file are those that reports are drawn of in tests.

// Three is a run in which nothing went wrong.
func Three() *record.Run {
	b := New("20260102-030405", "runc", "crun", "gvisor")
	draws := map[string]func() time.Duration{
		"runc":   LogNormal(1, 1200*time.Millisecond, 0.05),
		"crun":   LogNormal(2, 1150*time.Millisecond, 0.05),
		"gvisor": LogNormal(3, 2200*time.Millisecond, 0.05),
	}
	for _, class := range []string{"crun", "gvisor", "runc"} {
		b.Add(class, 1, 5*time.Second, Discarded)
	}
	for range 10 {
		for _, class := range []string{"gvisor", "runc", "crun"} {
			b.Add(class, 1, draws[class](), Phases)
		}
	}
	return b.Run()
}

// Troubled is a sweep in which everything did.
func Troubled() *record.Run {
	b := New("20260102-040506", "runc", "gvisor", "kata-qemu")
	draw := LogNormal(4, 3*time.Second, 0.4)
	for i := range 40 {
		b.Add("runc", 1, draw())
		inRound := func(s *record.Sample) { s.Block = 100 + i/10 }
		b.Add("runc", 10, 2*draw(), Late(time.Duration(i)*20*time.Millisecond), inRound)
		switch {
		case i%8 == 0:
			b.Add("gvisor", 10, 0, TimedOut, inRound)
		case i%13 == 0:
			b.Add("gvisor", 10, draw(), Failed(record.HTTP), inRound)
		case i == 7:
			b.Add("gvisor", 10, draw(), Coldness(record.Warm), inRound)
		default:
			b.Add("gvisor", 10, 4*draw(), inRound)
		}
	}
	r := b.Run()
	r.End, r.Warnings = nil, []string{"line 123 is cut off and was read over"}
	return r
}

// Burst is a sweep over 1, 3 and 10 services whose last round is not complete.
func Burst() *record.Run {
	b := New("20260102-050607", "runc")
	draw := LogNormal(5, 2*time.Second, 0.3)
	now := time.Duration(0)
	for i, services := range []int{1, 3, 3, 10, 10} {
		now += time.Minute
		for j := range services {
			b.Add("runc", services, draw(), func(s *record.Sample) {
				s.Block, s.Intended, s.Sent = i, now, now+time.Duration(j)*100*time.Microsecond
				s.Wrote, s.FirstByte, s.Done = s.Sent+2*time.Millisecond, s.Sent+s.TTFB, s.Sent+s.ResponseLatency
				if i == 4 && j >= 8 {
					TimedOut(s)
				}
			})
		}
	}
	r := b.Run()
	for _, s := range r.Samples {
		if s.Instance != nil {
			r.Events = append(r.Events,
				record.Event{Kind: record.EventInstanceCreated, RuntimeClass: "runc", UID: s.Instance.UID, At: s.Sent + 50*time.Millisecond},
				record.Event{Kind: record.EventInstanceReady, RuntimeClass: "runc", UID: s.Instance.UID, At: s.Done - time.Millisecond},
				record.Event{Kind: record.EventInstanceGone, RuntimeClass: "runc", UID: s.Instance.UID, At: s.Done + 30*time.Second})
		}
	}
	return r
}

// Scaled is a sweep of two classes whose memory and whose answers are known.
func Scaled() *record.Run {
	sweep := Scale{
		Classes: []ScaleClass{
			{Name: "runc", Group: 20 * MiB, Outside: 10 * MiB, Start: 800 * time.Millisecond, Gap: -5 * time.Millisecond, Spread: 2 * time.Millisecond},
			{Name: "gvisor", Group: 50 * MiB, Outside: 25 * MiB, Start: 1500 * time.Millisecond, Gap: 310 * time.Millisecond, Spread: -40 * time.Millisecond},
		},
		Services: []int{1, 5, 10}, Blocks: 2, Every: 2 * time.Second, Noise: 2 * MiB, Drift: 3 * MiB, Seed: 1,
	}
	return sweep.Run("20260102-060708")
}

// Limited is a search whose second round did not hold.
func Limited() *record.Run {
	b := New("20260102-070809", "runc")
	r := b.Run()
	event := func(at time.Duration, kind record.Kind, service, uid, message string, value float64) {
		e := record.Event{Type: record.TypeEvent, At: at, Kind: kind, RuntimeClass: "runc", Service: service, UID: uid, Message: message, Value: value}
		if kind == record.EventInstanceTrouble {
			e.Causes = record.CausesIn(message)
		}
		r.Events = append(r.Events, e)
	}
	event(4*time.Second, record.EventServicesCreated, "", "", "20 services created in 3.1 s", 20)
	event(9*time.Second, record.EventServicesReady, "", "", "all Ready and at zero after 8.3 s", 20)
	for round, services := range []int{10, 20} {
		from := time.Duration(1+round) * 200 * time.Second
		for i := range services {
			service, uid := fmt.Sprintf("runc-%d", i), fmt.Sprintf("%d-%d", round, i)
			b.Add("runc", services, time.Duration(i+1)*time.Second, func(s *record.Sample) {
				s.Block, s.Service, s.Intended, s.Sent = round+1, service, from, from+time.Duration(i)*100*time.Microsecond
				s.Wrote, s.Instance.UID = s.Sent+time.Millisecond, uid
				if i >= 12 {
					TimedOut(s)
				}
				s.Done, s.FirstByte = s.Sent+s.ResponseLatency, s.Sent+s.TTFB
			})
			event(from+time.Second, record.EventInstanceCreated, service, uid, "", float64(i+1))
			event(from+150*time.Second, record.EventInstanceGone, service, uid, "", 0)
			if i >= 15 {
				event(from+time.Second, record.EventInstanceTrouble, service, uid, "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.", 0)
				continue
			}
			event(from+time.Second, record.EventInstanceScheduled, service, uid, "", 0)
			event(from+2*time.Second, record.EventInstanceRunning, service, uid, "", 0)
			if i < 12 {
				event(from+time.Duration(i)*time.Second+950*time.Millisecond, record.EventInstanceReady, service, uid, "", float64(i+1))
			}
		}
		for at := from; at <= from+100*time.Second; at += time.Second {
			r.Resources = append(r.Resources, record.Resource{Type: record.TypeResource, Scope: record.ScopeNode, Node: "n1", At: at, CPUs: 2,
				MemoryBytes: 4 << 30, CPU: time.Duration(1+round) * at})
		}
	}
	event(500*time.Second, record.EventLimit, "", "", "at 20 services 12 of 20 answered (60 %), which is answered<98%: pods: 5 scheduler: Insufficient cpu, by requests, not by use", 10)
	r.Header.Command, r.Header.Shape, r.Header.Cluster.Nodes, r.Header.Cluster.MemoryBytes = "scale", record.Shape{Rounds: true}, 1, 24<<30
	r.End.Samples = len(r.Samples)
	return r
}

// Real is a run of the tool on its own node: thirty cold starts of each of three
// classes. The file is analysis/testdata/single.jsonl; its path depends on the folder
// of the test.
func Real(t *testing.T, testdata string) *record.Run {
	t.Helper()
	r, err := record.ReadFile(filepath.Join(testdata, "single.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
