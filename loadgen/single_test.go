package loadgen

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// newSingle is an experiment on a cluster in memory.
func newSingle(iterations int, all []record.Target) (*Single, *fakeCluster, *memorySink) {
	clock := record.NewClock()
	cluster, sink := newFakeCluster(clock), &memorySink{}
	return &Single{
		Client:  &Client{Clock: clock, Timeout: 100 * time.Second, Dial: cluster.dial},
		Cluster: cluster, Sink: sink, Targets: all,
		Options: SingleOptions{Iterations: iterations, Seed: 1, ZeroTimeout: time.Minute},
	}, cluster, sink
}

func TestSingle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newSingle(10, targets(5, "runc", "crun", "gvisor"))
		var last, total, begun int
		e.OnTrial = func() { begun++ }
		e.OnSample = func(done, of int, s record.Sample) {
			if begun != done {
				t.Errorf("%d trials begun when %d samples were done", begun, done)
			}
			if done != last+1 || s.Outcome != record.OK {
				t.Errorf("observed %d of %d after %d: %s", done, of, last, s.Outcome)
			}
			last, total = done, of
		}
		samples, err := e.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sink.samples, samples); diff != "" {
			t.Errorf("returned and recorded differ: %s", diff)
		}
		if last != 45 || total != 45 || cluster.most != 1 {
			t.Errorf("%d of %d observed, %d at most in flight", last, total, cluster.most)
		}
		measured := map[string]int{}
		for _, s := range samples {
			if s.Discarded != (s.Block == 0) || s.Cold != record.Proven || s.Services != 1 {
				t.Errorf("sample %+v", s)
			}
			if !s.Discarded {
				measured[s.RuntimeClass]++
			}
		}
		if diff := cmp.Diff(map[string]int{"runc": 10, "crun": 10, "gvisor": 10}, measured); diff != "" {
			t.Errorf("samples by class: %s", diff)
		}
		if e := sink.ofKind(record.EventDiscardedRound); len(e) != 1 || e[0].Value != 15 {
			t.Errorf("discarded round: %+v", e)
		}
		// Five services of each of three classes give each ten seconds and more to come
		// back: the cold starts alone set the time.
		if took := e.Client.Clock.Now(); took != 45*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// The sides of an A/B run are of one class and take turns as classes do, until
// there is enough: then the run ends after a whole block, in the order of the plan.
func TestSingleEndsWhenItIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := targets(3, "a", "b")
		for i := range all {
			all[i].RuntimeClass, all[i].Variant = "runc", all[i].RuntimeClass
		}
		e, _, sink := newSingle(100, all)
		var asked []int
		e.Enough = func(samples []record.Sample) bool {
			asked = append(asked, len(samples))
			return len(samples) >= 6+2*4
		}
		samples, err := e.Run(t.Context())
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
			want := e.Targets[plan(e.Targets, 100, 1)[i].target]
			if s.Service != want.Service || s.Variant != want.Variant || s.RuntimeClass != "runc" {
				t.Errorf("trial %d: got %s of %q, planned %s of %q", i, s.Service, s.Variant, want.Service, want.Variant)
			}
		}
	})
}

// With too few services the trials wait, and the order is kept.
func TestSingleWaitsForZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, _ := newSingle(3, targets(1, "runc", "crun"))
		samples, err := e.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done := map[string]time.Duration{}
		for i, s := range samples {
			if before, ok := done[s.Service]; ok && s.Sent < before+10*time.Second {
				t.Errorf("%s was fired %v after its last answer", s.Service, s.Sent-before)
			}
			done[s.Service] = s.Done
			if want := plan(e.Targets, 3, 1)[i]; s.Service != e.Targets[want.target].Service || s.Block != want.block {
				t.Errorf("trial %d: got %s in block %d, planned %+v", i, s.Service, s.Block, want)
			}
		}
	})
}

func TestSingleSkipsWhatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newSingle(3, targets(1, "runc", "crun"))
		cluster.stuck["crun-0"] = true
		samples, err := e.Run(t.Context())
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

func TestSingleKeepsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newSingle(2, targets(1, "runc"))
		cluster.silent["runc-0"] = true
		cluster.proofs = errors.New("the watch is gone")
		if _, err := e.Run(t.Context()); err != nil {
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

func TestSingleInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e, cluster, sink := newSingle(100, targets(2, "runc"))
		time.AfterFunc(2500*time.Millisecond, cancel)
		samples, err := e.Run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got error %v", err)
		}
		if len(samples) != 2 || len(sink.samples) != 2 {
			t.Errorf("%d samples returned, %d recorded: want the two that were complete", len(samples), len(sink.samples))
		}
		if e.Client.Clock.Now() > 10*time.Second || cluster.sent() > 3 {
			t.Errorf("went on until %v with %d requests", e.Client.Clock.Now(), cluster.sent())
		}
	})
}

func TestSingleAbandonsTheRequestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e, cluster, sink := newSingle(100, targets(1, "runc"))
		defer cluster.serving.Wait()
		time.AfterFunc(500*time.Millisecond, cancel)
		if _, err := e.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got error %v", err)
		}
		abandoned := sink.ofKind(record.EventRequestAbandoned)
		if len(abandoned) != 1 || !strings.Contains(abandoned[0].Message, "cut off after 500ms") || len(sink.samples) != 0 {
			t.Errorf("events %+v, %d samples", abandoned, len(sink.samples))
		}
	})
}

func TestSingleStopsWhenNothingCanBeRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newSingle(5, targets(2, "runc"))
		sink.fails = errors.New("disk full")
		if _, err := e.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "bench/runc-") {
			t.Errorf("got error %v", err)
		}
		if cluster.sent() != 1 {
			t.Errorf("%d requests", cluster.sent())
		}
	})
}

func TestSingleEstimatesOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, _ := newSingle(1, targets(1, "runc"))
		e.Options.OffsetRequests = 2
		samples, err := e.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			if s.ClockOffset == nil || s.ClockOffset.Requests != 2 {
				t.Errorf("offset %+v", s.ClockOffset)
			}
		}
		if cluster.sent() != 6 {
			t.Errorf("%d requests for two trials", cluster.sent())
		}
	})
}

func TestSingleRefuses(t *testing.T) {
	for name, change := range map[string]func(*Single){
		"no targets":    func(e *Single) { e.Targets = nil },
		"no iterations": func(e *Single) { e.Options.Iterations = 0 },
		"no limit":      func(e *Single) { e.Options.ZeroTimeout = 0 },
		"offset":        func(e *Single) { e.Options.OffsetRequests = -1 },
		"bad target":    func(e *Single) { e.Targets[0].Host = "" },
	} {
		t.Run(name, func(t *testing.T) {
			e, cluster, sink := newSingle(1, targets(1, "runc"))
			change(e)
			if _, err := e.Run(t.Context()); err == nil {
				t.Error("ran")
			}
			if cluster.sent() != 0 || len(sink.events) != 0 {
				t.Error("did something before it refused")
			}
		})
	}
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
