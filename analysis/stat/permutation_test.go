package stat

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestPermutations(t *testing.T) {
	for _, c := range []struct {
		name      string
		base, new []float64
		want      float64
	}{
		{"all larger", []float64{1, 2, 3}, []float64{4, 5, 6}, 1.0 / 20},
		{"all smaller", []float64{4, 5, 6}, []float64{1, 2, 3}, 1},
		{"all equal", []float64{0.1, 0.1, 0.1}, []float64{0.1, 0.1, 0.1}, 1},
		// Sums of at least 9: 4+5, 4+… of {1,2,4}{3,5}: {4,5} = 9 and {3,5} = 8, so {3,5},{4,5}.
		{"second of ten", []float64{1, 2, 4}, []float64{3, 5}, 2.0 / 10},
		{"unequal sides", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, []float64{2}, 1.0 / 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewPermutations(len(c.base), len(c.new), 1000, 1)
			if got := p.P(slices.Concat(c.base, c.new)); !p.Exact || math.Abs(got-c.want) > 1e-12 {
				t.Errorf("p is %g, want %g", got, c.want)
			}
		})
	}
}

// Drawn ways are never worth more than all of them, and near them.
func TestDrawnPermutations(t *testing.T) {
	values := []float64{1, 5, 2, 7, 3, 4, 9, 6, 8, 10, 12, 11}
	all, some := NewPermutations(6, 6, 1000, 1), NewPermutations(6, 6, 500, 1)
	if !all.Exact || some.Exact {
		t.Fatal("924 ways are not told from 500")
	}
	if a, s := all.P(values), some.P(values); math.Abs(a-s) > 0.02 || s == 0 {
		t.Errorf("all ways give %g, 500 drawn ones %g", a, s)
	}
}

func TestRunsNeeded(t *testing.T) {
	for p, want := range map[float64]int{0.05: 3, 0.025: 4, 0.05 / 6: 5, 1.0 / 252: 5, 1: 1} {
		if got := RunsNeeded(p); got != want {
			t.Errorf("p = %g needs %d runs, want %d", p, got, want)
		}
	}
}

func TestLogQuantileOfTheWholeIsTheQuantile(t *testing.T) {
	s := seconds(30)
	for _, q := range []float64{0, 0.5, 0.95, 0.99, 1} {
		got, clipped := s.LogQuantile(q, 30, 0)
		if want := math.Log(float64(s.Quantile(q).Latency)); math.Abs(got-want) > 1e-9 || clipped != 0 {
			t.Errorf("q = %g: %g, want %g", q, got, want)
		}
	}
}

// Against every subset of 3 of 6, counted out.
func TestLogQuantileOfSubsets(t *testing.T) {
	s := seconds(6)
	var want float64
	subsets := NewPermutations(3, 3, 100, 1).subsets
	for at := 0; at < len(subsets); at += 3 {
		want += math.Log(float64(time.Second) * float64(subsets[at+1]+1)) // the median of three
	}
	want /= float64(len(subsets) / 3)
	if got, _ := s.LogQuantile(0.5, 3, 0); math.Abs(got-want) > 1e-9 {
		t.Errorf("got %g, want %g", got, want)
	}
}

func TestLogQuantileClips(t *testing.T) {
	s := seconds(8, 10*time.Second, 10*time.Second)
	if got, clipped := s.LogQuantile(0.95, 10, 10*time.Second); clipped != 1 || math.Abs(got-math.Log(10e9)) > 1e-9 {
		t.Errorf("a censored quantile is %g with weight %g", got, clipped)
	}
	if got, clipped := s.LogQuantile(0.5, 10, 3*time.Second); clipped != 1 || math.Abs(got-math.Log(3e9)) > 1e-9 {
		t.Errorf("a quantile over another's limit is %g with weight %g", got, clipped)
	}
	if _, clipped := s.LogQuantile(0.8, 5, 10*time.Second); clipped <= 0 || clipped >= 1 {
		t.Errorf("some subsets are censored: weight %g", clipped)
	}
}
