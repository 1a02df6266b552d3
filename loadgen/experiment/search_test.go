package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/worker"
)

func TestSearch(t *testing.T) {
	steps := []int{1, 5, 10, 25, 50, 100}
	tests := []struct {
		name  string
		steps []int
		limit int // the largest number that holds
		tried []int
		held  int
	}{
		{"all hold", steps, 1000, []int{1, 5, 10, 25, 50, 100}, 100},
		{"none holds", steps, 0, []int{1}, 0},
		{"between two steps", steps, 81, []int{1, 5, 10, 25, 50, 100, 75, 87, 81}, 81},
		{"within a tenth", steps, 54, []int{1, 5, 10, 25, 50, 100, 75, 62, 56, 53}, 53},
		{"small numbers to the service", steps, 7, []int{1, 5, 10, 7, 8}, 7},
		{"in any order, and twice", []int{10, 5, 5, 20}, 15, []int{5, 10, 20, 15, 17, 16}, 15},
		{"one step, which is too many", []int{500}, 3, []int{500, 250, 125, 62, 31, 15, 7, 3, 5, 4}, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSearch(test.steps)
			var tried []int
			for n := s.next(); n != 0; n = s.next() {
				tried = append(tried, n)
				s.saw(n, n <= test.limit)
			}
			if diff := cmp.Diff(test.tried, tried); diff != "" {
				t.Error(diff)
			}
			if s.held != test.held {
				t.Errorf("held %d, want %d", s.held, test.held)
			}
			if s.failed != 0 && (s.failed <= test.limit || s.failed-s.held > max(1, s.held/10)) {
				t.Errorf("failed at %d, held at %d", s.failed, s.held)
			}
		})
	}
}

// Whatever the limit is, no number is tried twice and the answer is not above it.
func TestSearchEnds(t *testing.T) {
	for limit := range 300 {
		s := newSearch([]int{1, 10, 50, 250})
		tried := map[int]bool{}
		for n := s.next(); n != 0; n = s.next() {
			if tried[n] || n > 250 {
				t.Fatalf("limit %d: tried %d after %v", limit, n, tried)
			}
			tried[n] = true
			s.saw(n, n <= limit)
		}
		if s.held > limit || s.held < min(limit, 250)*9/10 {
			t.Errorf("limit %d: held %d", limit, s.held)
		}
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newRounds(targets(20, "runc", "crun"), "burst", 5, 10, 20)
		most := map[string]int{"runc": 7, "crun": 100}
		l := &limits{rounds: e, failed: func(r Round) ([]string, error) {
			if r.Services <= most[r.RuntimeClass] {
				return nil, nil
			}
			return []string{"too slow", "full"}, nil
		}}
		all, err := l.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, e := range sink.ofKind(record.EventLimit) {
			found = append(found, fmt.Sprintf("%s %v: %s", e.RuntimeClass, e.Value, e.Message))
		}
		slices.Sort(found)
		want := []string{"crun 20: no stop condition was met up to the largest number tried, 20", "runc 7: at 8 services too slow; full"}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Error(diff)
		}
		tried := map[string][]int{}
		for i, r := range all {
			if r.Discarded != (i < 2) {
				t.Errorf("round %d: discarded %v", i, r.Discarded)
			}
			if !r.Discarded {
				tried[r.RuntimeClass] = append(tried[r.RuntimeClass], r.Services)
			}
		}
		if diff := cmp.Diff(map[string][]int{"runc": {5, 10, 7, 8}, "crun": {5, 10, 20}}, tried); diff != "" {
			t.Error(diff)
		}
		if cluster.most != 20 {
			t.Errorf("%d at most in flight", cluster.most)
		}
	})
}

func TestLimitsEndWith(t *testing.T) {
	broken := errors.New("broken")
	hold := func(Round) ([]string, error) { return nil, nil }
	for _, c := range []struct {
		name   string
		failed func(Round) ([]string, error)
		after  time.Duration
		want   error
	}{
		{"a round that cannot be judged", func(Round) ([]string, error) { return nil, broken }, time.Hour, broken},
		{"an interruption", hold, 15 * time.Second, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, sink := newRounds(targets(5, "runc"), "burst", 5)
				defer cluster.serving.Wait()
				cluster.coldStart = 10 * time.Second
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(c.after, cancel)
				all, err := (&limits{rounds: e, failed: c.failed}).run(ctx)
				if !errors.Is(err, c.want) {
					t.Errorf("got error %v", err)
				}
				if len(all) != 2 || len(sink.samples) < 1 {
					t.Errorf("%d rounds, %d samples", len(all), len(sink.samples))
				}
			})
		})
	}
}

// losing is a sender whose round of a number loses a worker with all that it had to send.
type losing struct {
	sender
	round int
}

func (l *losing) fire(ctx context.Context, p pattern, k *keeper, firing func()) error {
	if l.round--; l.round != 0 {
		return l.sender.fire(ctx, p, k, firing)
	}
	firing()
	for i := range k.targets {
		k.handle(ctx, i, record.Sample{}, &worker.LostError{Worker: "w", Missing: len(k.targets), Of: len(k.targets)})
	}
	return nil
}

// A round that lost a worker is not judged and ends the search. The discarded round has no verdict
// to lose.
func TestLimitsLoseAWorker(t *testing.T) {
	for round, want := range map[int]struct{ judged, rounds int }{1: {2, 3}, 2: {0, 2}, 3: {1, 3}} {
		synctest.Test(t, func(t *testing.T) {
			e, _, _ := newRounds(targets(10, "runc"), "burst", 5, 10)
			e.sender = &losing{sender: e.sender, round: round}
			judged := 0
			l := &limits{rounds: e, failed: func(Round) ([]string, error) { judged++; return nil, nil }}
			all, err := l.run(t.Context())
			if isLoss(err) != (round > 1) || judged != want.judged || len(all) != want.rounds {
				t.Errorf("lost in round %d: error %v, %d rounds, %d judged", round, err, len(all), judged)
			}
		})
	}
}
