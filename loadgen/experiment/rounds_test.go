package experiment

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// newRounds makes rounds on a cluster in memory.
func newRounds(all []record.Target, arrival string, services ...int) (*rounds, *fakeCluster, *memorySink) {
	clock := record.NewClock()
	cluster, sink := newFakeCluster(clock), &memorySink{}
	a, err := loadgen.ParseArrival(arrival)
	if err != nil {
		panic(err)
	}
	return &rounds{
		recorder: recorder{clock: clock, cluster: cluster, sink: sink, observer: ObserverFunc(func(Notice) {})},
		sender:   &here{client: &loadgen.Client{Clock: clock, Timeout: 120 * time.Second, Dial: cluster.dial}},
		targets:  all, warm: firstOfEach(all),
		services: services, iterations: 1, arrival: a, seed: 1, zeroTimeout: 10 * time.Minute,
	}, cluster, sink
}

// firstOfEach is a target of each class.
func firstOfEach(all []record.Target) []record.Target {
	var first []record.Target
	for _, class := range byClass(all) {
		first = append(first, all[class[0]])
	}
	return first
}

func TestRoundsBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newRounds(targets(5, "runc", "crun"), "burst", 1, 5)
		e.iterations, e.settle = 2, 3*time.Second
		var announced []RoundPlan
		observed := 0
		e.observer = ObserverFunc(func(n Notice) {
			switch n := n.(type) {
			case RoundPlanned:
				announced = append(announced, n.Plan)
			case SampleTaken:
				if observed++; n.Done != observed || n.Total != 26 {
					t.Errorf("observed %d of %d after %d", n.Done, n.Total, observed-1)
				}
			}
		})
		rounds, err := e.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e.plan(), announced); diff != "" {
			t.Errorf("rounds: %s", diff)
		}
		if len(sink.samples) != 26 || observed != 26 || cluster.most != 5 {
			t.Errorf("%d samples, %d observed, %d at most in flight", len(sink.samples), observed, cluster.most)
		}
		var done time.Duration
		for i, r := range rounds {
			if len(r.Samples) != r.Services || r.Skew() != 0 || r.Skipped != 0 {
				t.Errorf("round %+v", r)
			}
			for _, s := range r.Samples {
				if s.RuntimeClass != r.RuntimeClass || s.Services != r.Services || s.Block != r.Block ||
					s.Discarded != r.Discarded || s.Cold != record.Proven || s.Lateness() != 0 {
					t.Errorf("sample %+v of round %+v", s, r.RoundPlan)
				}
				if i > 0 && s.Sent < done+cluster.backToZero+e.settle {
					t.Errorf("fired %v after the last answer of the round before", s.Sent-done)
				}
			}
			done = r.Samples[0].Done
		}
	})
}

func TestPlanOfRounds(t *testing.T) {
	e, _, _ := newRounds(targets(5, "runc", "crun"), "burst", 1, 5)
	e.iterations = 2
	var got []string
	classes := map[string]int{}
	for _, c := range e.plan() {
		got = append(got, fmt.Sprintf("%d/%d/%v", c.Block, c.Services, c.Discarded))
		classes[fmt.Sprintf("%d/%d/%s", c.Block, c.Services, c.RuntimeClass)]++
	}
	want := []string{
		"0/1/true", "0/1/true", "1/1/false", "1/1/false", "1/5/false", "1/5/false",
		"2/1/false", "2/1/false", "2/5/false", "2/5/false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(classes) != 10 {
		t.Errorf("every class has its round: got %v", classes)
	}
}

// Requests of an open loop are sent when they are due, answered or not.
func TestRoundsOpenLoop(t *testing.T) {
	for _, arrival := range []string{"uniform:4", "poisson:4"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, _ := newRounds(targets(20, "runc"), arrival, 20)
				cluster.coldStart = time.Minute
				round, err := e.fire(t.Context(), RoundPlan{Key: record.Key{RuntimeClass: "runc", Services: 20}, Block: 3})
				if err != nil {
					t.Fatal(err)
				}
				if len(round.Samples) != 20 || cluster.most != 20 {
					t.Fatalf("%d samples, %d at most in flight", len(round.Samples), cluster.most)
				}
				for i, s := range round.Samples {
					if i > 0 && s.Intended <= round.Samples[i-1].Intended || s.Lateness() != 0 || s.Service != e.targets[i].Service {
						t.Errorf("request %d to %s: intended %v, sent %v", i, s.Service, s.Intended, s.Sent)
					}
					if s.ResponseLatency != time.Minute || s.Outcome != record.OK {
						t.Errorf("request %d: %s after %v", i, s.Outcome, s.ResponseLatency)
					}
				}
			})
		})
	}
}

func TestRoundsInterrupted(t *testing.T) {
	for _, arrival := range []string{"burst", "uniform:1", "poisson:0.01"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, sink := newRounds(targets(10, "runc"), arrival, 10)
				defer cluster.serving.Wait()
				cluster.coldStart = 100 * time.Second
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(4500*time.Millisecond, cancel)
				round, err := e.fire(ctx, RoundPlan{Key: record.Key{RuntimeClass: "runc", Services: 10}})
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("got error %v", err)
				}
				if now := e.clock.Now(); now != 4500*time.Millisecond {
					t.Errorf("went on until %v", now)
				}
				abandoned := sink.ofKind(record.EventRequestAbandoned)
				if len(round.Samples) != 0 || len(abandoned) != cluster.sent() {
					t.Errorf("%d samples, %d abandoned of %d requests", len(round.Samples), len(abandoned), cluster.sent())
				}
			})
		})
	}
}

// What was answered before an interruption is kept.
func TestRoundsInterruptedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, sink := newRounds(targets(4, "runc"), "burst", 4)
		e.sender.(*here).client.Timeout = time.Hour
		e.cluster.(*fakeCluster).silent["runc-2"] = true
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		rounds, err := e.run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got error %v", err)
		}
		if last := rounds[len(rounds)-1]; len(last.Samples) != 3 || len(sink.samples) != 4 {
			t.Errorf("%d samples in the last round, %d recorded", len(last.Samples), len(sink.samples))
		}
	})
}

func TestRoundsSkipsWhatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newRounds(targets(3, "runc", "crun"), "burst", 3)
		cluster.stuck["runc-1"], cluster.stuck["crun-2"] = true, true
		round, err := e.fire(t.Context(), RoundPlan{Key: record.Key{RuntimeClass: "runc", Services: 3}})
		if err != nil {
			t.Fatal(err)
		}
		if len(round.Samples) != 2 || round.Skipped != 1 || round.Samples[0].Services != 3 {
			t.Errorf("round %+v", round)
		}
		skipped, others := sink.ofKind(record.EventTrialSkipped), sink.ofKind(record.EventNotAtZero)
		if len(skipped) != 1 || skipped[0].Service != "runc-1" || !strings.Contains(skipped[0].Message, "2 pods are left") {
			t.Errorf("skipped %+v", skipped)
		}
		if len(others) != 1 || others[0].Service != "crun-2" {
			t.Errorf("not at zero: %+v", others)
		}
	})
}

func TestRoundsPreconnect(t *testing.T) {
	for _, arrival := range []string{"burst", "uniform:10"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, sink := newRounds(targets(3, "runc"), arrival, 3)
				e.preconnect = true
				var dials atomic.Int64
				e.sender.(*here).client.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if dials.Add(1) == 1 {
						return nil, errors.New("too many open files")
					}
					time.Sleep(time.Second)
					return cluster.dial(ctx, network, address)
				}
				e.targets = e.targets[:3]
				round, err := e.fire(t.Context(), RoundPlan{Key: record.Key{RuntimeClass: "runc", Services: 3}})
				if err != nil {
					t.Fatal(err)
				}
				before := 0
				for _, s := range round.Samples {
					if s.Outcome != record.OK || s.Lateness() != 0 {
						t.Errorf("sample %+v", s)
					}
					if s.Connected <= s.Sent {
						before++
					}
				}
				failed := sink.ofKind(record.EventPreconnectFailed)
				if before != 2 || len(failed) != 1 || !strings.Contains(failed[0].Message, "too many open files") {
					t.Errorf("%d connected beforehand, events %+v", before, failed)
				}
			})
		})
	}
}

func TestRoundsStopsWhenNothingCanBeRecorded(t *testing.T) {
	for _, arrival := range []string{"burst", "uniform:1"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, _, sink := newRounds(targets(3, "runc"), arrival, 3)
				sink.fails = errors.New("disk full")
				if _, err := e.run(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") {
					t.Errorf("got error %v", err)
				}
			})
		})
	}
}

// A request that was abandoned is done.
func TestRoundsCountWhatIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, sink := newRounds(targets(5, "runc"), "burst", 5)
		e.iterations, e.sender = 2, &losing{sender: e.sender, round: 2}
		var last SampleTaken
		e.observer = ObserverFunc(func(n Notice) {
			if s, ok := n.(SampleTaken); ok {
				last = s
			}
		})
		if _, err := e.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last.Done != 11 || last.Total != 11 || len(sink.ofKind(record.EventRequestAbandoned)) != 5 {
			t.Errorf("the last sample was the %d. of %d", last.Done, last.Total)
		}
	})
}
