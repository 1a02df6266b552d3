package experiment

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// newTurns takes turns on a cluster in memory.
func newTurns(iterations int, all []record.Target) (*turns, *fakeCluster, *memorySink) {
	clock := record.NewClock()
	cluster, sink := newFakeCluster(clock), &memorySink{}
	client := &loadgen.Client{Clock: clock, Timeout: 100 * time.Second, Dial: cluster.dial}
	return &turns{
		recorder: recorder{clock: clock, cluster: cluster, sink: sink, observer: ObserverFunc(func(Notice) {})},
		sender:   &here{client: client}, client: client,
		targets: all, iterations: iterations, seed: 1, zeroTimeout: time.Minute,
	}, cluster, sink
}

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(10, targets(5, "runc", "crun", "gvisor"))
		var last, total, begun int
		e.observer = ObserverFunc(func(n Notice) {
			switch n := n.(type) {
			case TrialBegun:
				begun++
			case SampleTaken:
				if !n.Sample.Discarded && begun != n.Done-15 {
					t.Errorf("%d trials begun when %d samples were done", begun, n.Done)
				}
				if n.Done != last+1 || n.Sample.Outcome != record.OK {
					t.Errorf("observed %d of %d after %d: %s", n.Done, n.Total, last, n.Sample.Outcome)
				}
				last, total = n.Done, n.Total
			}
		})
		samples, err := e.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sink.samples[15:], samples[15:]); diff != "" {
			t.Errorf("returned and recorded differ: %s", diff)
		}
		if last != 45 || total != 45 || cluster.most != 15 {
			t.Errorf("%d of %d observed, %d at most in flight: want the 15 that are discarded", last, total, cluster.most)
		}
		measured := map[string]int{}
		var before time.Duration
		for _, s := range samples {
			together := 1
			if s.Discarded {
				together = 15
			}
			if s.Discarded != (s.Block == 0) || s.Cold != record.Proven || s.Services != together {
				t.Errorf("sample %+v", s)
			}
			if !s.Discarded {
				measured[s.RuntimeClass]++
				if s.Sent < before {
					t.Errorf("%s was fired at %v, while another was in flight until %v", s.Service, s.Sent, before)
				}
				before = s.Done
			}
		}
		if diff := cmp.Diff(map[string]int{"runc": 10, "crun": 10, "gvisor": 10}, measured); diff != "" {
			t.Errorf("samples by class: %s", diff)
		}
		if e := sink.ofKind(record.EventDiscardedRound); len(e) != 1 || e[0].Value != 15 {
			t.Errorf("discarded round: %+v", e)
		}
		// All are back at zero ten seconds after the discarded round. Five services of each
		// of three classes then give each ten seconds and more to come back: the cold starts
		// alone set the time.
		if took := e.clock.Now(); took != 41*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A wait for zero that takes a while is told of, and a short one is not: where there are
// enough services, only the one after the first round, in which all are started.
func TestTurnsTellWhatTheyWaitFor(t *testing.T) {
	const (
		allAtZero = "waiting until all services are at zero again, for 1m0s at most"
		oneAtZero = "waiting until service bench/runc-0 is at zero, for 1m0s at most"
	)
	for _, c := range []struct {
		name       string
		services   int
		iterations int
		want       []string
	}{
		{"one service", 1, 3, []string{allAtZero, oneAtZero, oneAtZero}},
		{"enough services", 20, 3, []string{allAtZero}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, _, _ := newTurns(c.iterations, targets(c.services, "runc"))
				var mu sync.Mutex
				var told []string
				e.observer = ObserverFunc(func(n Notice) {
					mu.Lock()
					defer mu.Unlock()
					if step, ok := n.(Step); ok {
						told = append(told, step.Text)
					}
				})
				if _, err := e.run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, told); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// No pod of the first round ends beside a start that is measured, whichever service is
// slow to come back to zero.
func TestTheFirstMeasuredStartComesAfterAllPods(t *testing.T) {
	all := targets(1, "runc", "crun", "gvisor")
	for _, slow := range all {
		synctest.Test(t, func(t *testing.T) {
			e, cluster, _ := newTurns(1, all)
			cluster.slow = map[string]time.Duration{slow.Service: 30 * time.Second}
			samples, err := e.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			first := samples[len(all)]
			if zero := cluster.coldStart + cluster.backToZero + 30*time.Second; first.Sent < zero {
				t.Errorf("%s was started at %v, and %s is at zero at %v", first.Service, first.Sent, slow.Service, zero)
			}
		})
	}
}

// The sides of an A/B run are of one class and take turns as classes do, until
// there is enough: then the run ends after a whole block, in the order of the plan.
func TestTurnsEndsWhenItIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := targets(3, "a", "b")
		for i := range all {
			all[i].RuntimeClass, all[i].Variant = "runc", all[i].RuntimeClass
		}
		e, _, sink := newTurns(100, all)
		var asked []int
		e.enough = func(samples []record.Sample) bool {
			asked = append(asked, len(samples))
			return len(samples) >= 6+2*4
		}
		samples, err := e.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int{8, 10, 12, 14}, asked); diff != "" {
			t.Errorf("asked after so many samples: %s", diff)
		}
		if len(samples) != 14 || len(sink.samples) != 14 {
			t.Errorf("%d samples, %d recorded", len(samples), len(sink.samples))
		}
		for i, s := range samples {
			if s.Discarded {
				continue // these are together
			}
			want := e.targets[planOf(e.targets, 100, 1)[i].target]
			if s.Service != want.Service || s.Variant != want.Variant || s.RuntimeClass != "runc" {
				t.Errorf("trial %d: got %s of %q, planned %s of %q", i, s.Service, s.Variant, want.Service, want.Variant)
			}
		}
	})
}

// With too few services the trials wait, and the order is kept.
func TestTurnsWaitsForZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, _ := newTurns(3, targets(1, "runc", "crun"))
		samples, err := e.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done := map[string]time.Duration{}
		for i, s := range samples {
			if before, ok := done[s.Service]; ok && s.Sent < before+10*time.Second {
				t.Errorf("%s was fired %v after its last answer", s.Service, s.Sent-before)
			}
			done[s.Service] = s.Done
			if want := planOf(e.targets, 3, 1)[i]; !s.Discarded && s.Service != e.targets[want.target].Service || s.Block != want.block {
				t.Errorf("trial %d: got %s in block %d, planned %+v", i, s.Service, s.Block, want)
			}
		}
	})
}

func TestTurnsSkipsWhatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(3, targets(1, "runc", "crun"))
		cluster.stuck["crun-0"] = true
		samples, err := e.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			if s.RuntimeClass != "runc" {
				t.Errorf("sample of %s", s.RuntimeClass)
			}
		}
		skipped := sink.ofKind(record.EventTrialSkipped)
		if len(samples) != 4 || len(skipped) != 4 {
			t.Fatalf("%d samples, %d skipped", len(samples), len(skipped))
		}
		for _, e := range skipped {
			if e.Service != "crun-0" || e.RuntimeClass != "crun" || !strings.Contains(e.Message, "service bench/crun-0 is not at zero within 1m0s: 2 pods are left") {
				t.Errorf("event %+v", e)
			}
		}
	})
}

func TestTurnsKeepsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(2, targets(1, "runc"))
		cluster.silent["runc-0"] = true
		cluster.proofs = errors.New("the watch is gone")
		if _, err := e.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range sink.samples {
			if s.Outcome != record.Timeout || s.Cold != record.Unknown || s.ColdReason != "the watch is gone" {
				t.Errorf("got %s, %s because %q", s.Outcome, s.Cold, s.ColdReason)
			}
		}
		if len(sink.samples) != 3 || len(sink.ofKind(record.EventProofFailed)) != 3 {
			t.Errorf("%d samples, %d failed proofs", len(sink.samples), len(sink.ofKind(record.EventProofFailed)))
		}
	})
}

func TestTurnsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e, cluster, sink := newTurns(100, targets(2, "runc"))
		time.AfterFunc(2500*time.Millisecond, cancel)
		samples, err := e.run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got error %v", err)
		}
		if len(samples) != 2 || len(sink.samples) != 2 {
			t.Errorf("%d samples returned, %d recorded: want the two that were complete", len(samples), len(sink.samples))
		}
		if e.clock.Now() > 10*time.Second || cluster.sent() > 3 {
			t.Errorf("went on until %v with %d requests", e.clock.Now(), cluster.sent())
		}
	})
}

func TestTurnsAbandonsTheRequestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e, cluster, sink := newTurns(100, targets(1, "runc"))
		defer cluster.serving.Wait()
		time.AfterFunc(500*time.Millisecond, cancel)
		if _, err := e.run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got error %v", err)
		}
		abandoned := sink.ofKind(record.EventRequestAbandoned)
		if len(abandoned) != 1 || !strings.Contains(abandoned[0].Message, "cut off after 500ms") || len(sink.samples) != 0 {
			t.Errorf("events %+v, %d samples", abandoned, len(sink.samples))
		}
	})
}

func TestTurnsStopsWhenNothingCanBeRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(5, targets(2, "runc"))
		sink.fails = errors.New("disk full")
		if _, err := e.run(t.Context()); err == nil || !strings.Contains(err.Error(), "bench/runc-") {
			t.Errorf("got error %v", err)
		}
		if cluster.sent() != 2 {
			t.Errorf("%d requests, want those of the discarded round", cluster.sent())
		}
	})
}

func TestTurnsEstimatesOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, _ := newTurns(1, targets(1, "runc"))
		e.offsetRequests = 2
		samples, err := e.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			if o := s.ClockOffset; s.Discarded != (o == nil) || o != nil && o.Requests != 2 {
				t.Errorf("offset %+v, discarded %v", o, s.Discarded)
			}
		}
		if cluster.sent() != 4 {
			t.Errorf("%d requests for two trials", cluster.sent())
		}
	})
}

// More services than can be fired together are warmed in groups, and one that is not
// at zero is left out.
func TestWarmInGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(1, targets(mostWarmed+4, "runc"))
		cluster.stuck["runc-1"] = true
		if _, err := e.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		together := map[int]int{}
		for _, s := range sink.samples {
			if s.Discarded {
				together[s.Services]++
			}
		}
		if diff := cmp.Diff(map[int]int{mostWarmed - 1: mostWarmed - 1, 4: 4}, together); diff != "" {
			t.Errorf("discarded samples by how many were fired together: %s", diff)
		}
		if skipped := sink.ofKind(record.EventTrialSkipped); len(skipped) != 1 || skipped[0].Service != "runc-1" {
			t.Errorf("skipped %+v", skipped)
		}
	})
}

// A cluster that fails to answer for a while is asked again.
func TestZerosAskAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		z := newZeros(t.Context(), awaiter(func(context.Context) error {
			if asked++; asked < 4 {
				return errors.New("connection refused")
			}
			return nil
		}), targets(1, "runc"), time.Minute)
		z.start(0)
		if err := z.await(t.Context(), 0); err != nil || asked != 5 { // and once more before its turn
			t.Errorf("got %v after asking %d times", err, asked)
		}
		z.wait()
	})
}

// awaiter is a cluster of which only AwaitZero is used.
type awaiter func(context.Context) error

func (a awaiter) AwaitZero(ctx context.Context, _ record.Target) error { return a(ctx) }
func (a awaiter) AwaitRoute(context.Context, record.Target) error      { return nil }
func (a awaiter) Prove(context.Context, record.Target, *record.Sample) error {
	return errors.New("not asked for")
}
