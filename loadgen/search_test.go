package loadgen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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
			s := NewSearch(test.steps)
			var tried []int
			for n := s.Next(); n != 0; n = s.Next() {
				tried = append(tried, n)
				s.Saw(n, n <= test.limit)
			}
			if diff := cmp.Diff(test.tried, tried); diff != "" {
				t.Error(diff)
			}
			if s.Held() != test.held {
				t.Errorf("held %d, want %d", s.Held(), test.held)
			}
			if s.Failed() != 0 && (s.Failed() <= test.limit || s.Failed()-s.Held() > max(1, s.Held()/10)) {
				t.Errorf("failed at %d, held at %d", s.Failed(), s.Held())
			}
		})
	}
}

// Whatever the limit is, no number is tried twice and the answer is not above it.
func TestSearchEnds(t *testing.T) {
	for limit := range 300 {
		s := NewSearch([]int{1, 10, 50, 250})
		tried := map[int]bool{}
		for n := s.Next(); n != 0; n = s.Next() {
			if tried[n] || n > 250 {
				t.Fatalf("limit %d: tried %d after %v", limit, n, tried)
			}
			tried[n] = true
			s.Saw(n, n <= limit)
		}
		if s.Held() > limit || s.Held() < min(limit, 250)*9/10 {
			t.Errorf("limit %d: held %d", limit, s.Held())
		}
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, _ := newScale(targets(20, "runc", "crun"), "burst", 5, 10, 20)
		limits := map[string]int{"runc": 7, "crun": 100}
		var found []string
		l := &Limits{Scale: e,
			Held: func(r Round) (bool, error) { return r.Services <= limits[r.RuntimeClass], nil },
			OnFound: func(class string, s *Search) error {
				found = append(found, fmt.Sprintf("%s %d/%d", class, s.Held(), s.Failed()))
				return nil
			},
		}
		rounds, err := l.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(found)
		if diff := cmp.Diff([]string{"crun 20/0", "runc 7/8"}, found); diff != "" {
			t.Error(diff)
		}
		tried := map[string][]int{}
		for i, r := range rounds {
			if r.Discarded != (i < 2) || len(r.Samples) != r.Services {
				t.Errorf("round %d: %+v with %d samples", i, r.Cell, len(r.Samples))
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
	hold := func(Round) (bool, error) { return true, nil }
	for _, c := range []struct {
		name    string
		held    func(Round) (bool, error)
		onFound func(string, *Search) error
		after   time.Duration
		want    error
	}{
		{"a round that cannot be judged", func(Round) (bool, error) { return false, broken }, nil, time.Hour, broken},
		{"a limit that cannot be told", hold, func(string, *Search) error { return broken }, time.Hour, broken},
		{"an interruption", hold, nil, 15 * time.Second, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, cluster, sink := newScale(targets(5, "runc"), "burst", 5)
				defer cluster.serving.Wait()
				cluster.coldStart = 10 * time.Second
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(c.after, cancel)
				rounds, err := (&Limits{Scale: e, Held: c.held, OnFound: c.onFound}).Run(ctx)
				if !errors.Is(err, c.want) {
					t.Errorf("got error %v", err)
				}
				if len(rounds) != 2 || len(sink.samples) < 1 {
					t.Errorf("%d rounds, %d samples", len(rounds), len(sink.samples))
				}
			})
		})
	}
}
