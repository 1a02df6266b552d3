package loadgen

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
)

// newScale is an experiment on a cluster in memory.
func newScale(all []record.Target, arrival string, services ...int) (*Scale, *fakeCluster, *memorySink) {
	clock := record.NewClock()
	cluster, sink := newFakeCluster(clock), &memorySink{}
	a, err := ParseArrival(arrival)
	if err != nil {
		panic(err)
	}
	return &Scale{
		Client:  &Client{Clock: clock, Timeout: 120 * time.Second, Dial: cluster.dial},
		Cluster: cluster, Sink: sink, Targets: all, Warm: firstOfEach(all),
		Options: ScaleOptions{Services: services, Iterations: 1, Arrival: a, Seed: 1, ZeroTimeout: 10 * time.Minute},
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

func TestScaleBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newScale(targets(5, "runc", "crun"), "burst", 1, 5)
		e.Options.Iterations, e.Options.Settle = 2, 3*time.Second
		var announced []Cell
		e.OnRound = func(c Cell) { announced = append(announced, c) }
		observed := 0
		e.OnSample = func(done, total int, s record.Sample) {
			if observed++; done != observed || total != 26 {
				t.Errorf("observed %d of %d after %d", done, total, observed-1)
			}
		}
		rounds, err := e.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e.cells(), announced); diff != "" {
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
					t.Errorf("sample %+v of round %+v", s, r.Cell)
				}
				if i > 0 && s.Sent < done+cluster.backToZero+e.Options.Settle {
					t.Errorf("fired %v after the last answer of the round before", s.Sent-done)
				}
			}
			done = r.Samples[0].Done
		}
	})
}

func TestCells(t *testing.T) {
	e, _, _ := newScale(targets(5, "runc", "crun"), "burst", 1, 5)
	e.Options.Iterations = 2
	var got []string
	classes := map[string]int{}
	for _, c := range e.cells() {
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
func TestScaleOpenLoop(t *testing.T) {
	for _, arrival := range []string{"uniform:4", "poisson:4"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, _ := newScale(targets(20, "runc"), arrival, 20)
				cluster.coldStart = time.Minute
				round, err := e.Fire(t.Context(), Cell{RuntimeClass: "runc", Services: 20, Block: 3})
				if err != nil {
					t.Fatal(err)
				}
				if len(round.Samples) != 20 || cluster.most != 20 {
					t.Fatalf("%d samples, %d at most in flight", len(round.Samples), cluster.most)
				}
				due := e.Options.Arrival.offsets(20, 1, 3)
				for i, s := range round.Samples {
					if s.Intended != due[i] || s.Lateness() != 0 || s.Service != e.Targets[i].Service {
						t.Errorf("request %d to %s: intended %v, due %v, sent %v", i, s.Service, s.Intended, due[i], s.Sent)
					}
					if s.ResponseLatency != time.Minute || s.Outcome != record.OK {
						t.Errorf("request %d: %s after %v", i, s.Outcome, s.ResponseLatency)
					}
				}
			})
		})
	}
}

func TestScaleInterrupted(t *testing.T) {
	for _, arrival := range []string{"burst", "uniform:1", "poisson:0.001"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, sink := newScale(targets(10, "runc"), arrival, 10)
				defer cluster.serving.Wait()
				cluster.coldStart = 100 * time.Second
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(4500*time.Millisecond, cancel)
				round, err := e.Fire(ctx, Cell{RuntimeClass: "runc", Services: 10})
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("got error %v", err)
				}
				if now := e.Client.Clock.Now(); now != 4500*time.Millisecond {
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
func TestScaleInterruptedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _, sink := newScale(targets(4, "runc"), "burst", 4)
		e.Client.Timeout = time.Hour
		e.Cluster.(*fakeCluster).silent["runc-2"] = true
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		rounds, err := e.Run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got error %v", err)
		}
		if last := rounds[len(rounds)-1]; len(last.Samples) != 3 || len(sink.samples) != 4 {
			t.Errorf("%d samples in the last round, %d recorded", len(last.Samples), len(sink.samples))
		}
	})
}

func TestScaleSkipsWhatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newScale(targets(3, "runc", "crun"), "burst", 3)
		cluster.stuck["runc-1"], cluster.stuck["crun-2"] = true, true
		round, err := e.Fire(t.Context(), Cell{RuntimeClass: "runc", Services: 3})
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

func TestScalePreconnect(t *testing.T) {
	for _, arrival := range []string{"burst", "uniform:10"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, sink := newScale(targets(3, "runc"), arrival, 3)
				e.Options.Preconnect = true
				var dials atomic.Int64
				e.Client.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if dials.Add(1) == 1 {
						return nil, errors.New("too many open files")
					}
					time.Sleep(time.Second)
					return cluster.dial(ctx, network, address)
				}
				e.Targets = e.Targets[:3]
				round, err := e.Fire(t.Context(), Cell{RuntimeClass: "runc", Services: 3})
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

func TestScaleStopsWhenNothingCanBeRecorded(t *testing.T) {
	for _, arrival := range []string{"burst", "uniform:1"} {
		t.Run(arrival, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, _, sink := newScale(targets(3, "runc"), arrival, 3)
				sink.fails = errors.New("disk full")
				if _, err := e.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "disk full") {
					t.Errorf("got error %v", err)
				}
			})
		})
	}
}

func TestScaleRefuses(t *testing.T) {
	for name, change := range map[string]func(*Scale){
		"no targets":        func(e *Scale) { e.Targets = nil },
		"no services":       func(e *Scale) { e.Options.Services = nil },
		"zero services":     func(e *Scale) { e.Options.Services = []int{0} },
		"too many services": func(e *Scale) { e.Options.Services = []int{1, 3} },
		"no iterations":     func(e *Scale) { e.Options.Iterations = 0 },
		"no limit":          func(e *Scale) { e.Options.ZeroTimeout = 0 },
		"negative settle":   func(e *Scale) { e.Options.Settle = -1 },
		"no arrival":        func(e *Scale) { e.Options.Arrival = Arrival{} },
		"bad target":        func(e *Scale) { e.Targets[0].Address = "" },
	} {
		t.Run(name, func(t *testing.T) {
			e, cluster, sink := newScale(targets(2, "runc"), "burst", 2)
			change(e)
			if _, err := e.Run(t.Context()); err == nil {
				t.Error("ran")
			}
			if cluster.sent() != 0 || len(sink.events) != 0 {
				t.Error("did something before it refused")
			}
		})
	}
	e, _, _ := newScale(targets(2, "runc"), "burst", 2)
	for _, c := range []Cell{{RuntimeClass: "crun", Services: 1}, {RuntimeClass: "runc", Services: 3}, {RuntimeClass: "runc"}} {
		if _, err := e.Fire(t.Context(), c); err == nil {
			t.Errorf("fired %+v", c)
		}
	}
}
