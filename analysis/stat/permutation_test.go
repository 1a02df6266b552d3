package stat

import (
	"math"
	"slices"
	"testing"
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

// The bounds are where the tests of shifted values just do not reject.
func TestBoundsInvertTheTest(t *testing.T) {
	values := []float64{1, 5, 2, 7, 3, 4, 9, 6, 8, 10.5}
	perms := NewPermutations(5, 5, 1000, 1)
	low, high := perms.Bounds(values, 0.95)
	p := func(shift, sign float64) float64 {
		shifted := make([]float64, len(values))
		for i, v := range values {
			if i >= 5 {
				v -= shift
			}
			shifted[i] = sign * v
		}
		return perms.P(shifted)
	}
	if p(low-1e-6, 1) > 0.05 || p(low+1e-6, 1) <= 0.05 {
		t.Errorf("low %g: p is %g below and %g above", low, p(low-1e-6, 1), p(low+1e-6, 1))
	}
	if p(high+1e-6, -1) > 0.05 || p(high-1e-6, -1) <= 0.05 {
		t.Errorf("high %g: p is %g above and %g below", high, p(high+1e-6, -1), p(high-1e-6, -1))
	}
	if low, high := NewPermutations(2, 2, 1000, 1).Bounds(values[:4], 0.95); !math.IsInf(low, -1) || !math.IsInf(high, 1) {
		t.Errorf("two runs a side bound %g and %g", low, high)
	}
}
