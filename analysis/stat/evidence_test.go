package stat

import (
	"math"
	"slices"
	"testing"
	"time"
)

// All signs of so few differences are gone through: evidence against a fair coin
// is shown no more often than its level.
func TestEvidenceIsExact(t *testing.T) {
	for _, sizes := range [][]float64{
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
		{3, 9, 0.1, 100, 2, 2, 7, 0.5, 4, 1000, 6, 5},
	} {
		for _, level := range []float64{0.01, 0.05, 0.2, 0.5} {
			shown := 0
			for signs := range 1 << len(sizes) {
				var e Evidence
				for i, size := range sizes {
					if signs>>i&1 == 1 {
						size = -size
					}
					e.Add(size)
				}
				if e.P() <= level {
					shown++
				}
			}
			if share := float64(shown) / float64(int(1)<<len(sizes)); share > level || (level > 0.1 && shown == 0) {
				t.Errorf("sizes %v: %g is shown in %g", sizes, level, share)
			}
		}
	}
}

func TestEvidenceOfLittle(t *testing.T) {
	var e Evidence
	if e.P() != 1 {
		t.Errorf("without differences: %g", e.P())
	}
	for range 100 {
		e.Add(0)
	}
	if e.P() != 1 {
		t.Errorf("of zeros: %g", e.P())
	}
	n := 0
	for ; e.P() > 0.05; n++ {
		e.Add(1)
	}
	if n != 7 {
		t.Errorf("it takes %d differences of one sign to show something at 5 %%", n)
	}
	kept := e.P()
	e.Add(-1)
	if e.P() != kept {
		t.Errorf("what was shown is gone: %g, was %g", e.P(), kept)
	}
}

func TestPairLogRatio(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		pair  Pair
		shift float64
		want  float64
	}{
		{Pair{Base: s, New: 2 * s}, 0, math.Log(2)},
		{Pair{Base: s, New: 2 * s}, math.Log(2), 0},
		{Pair{Base: s, New: 9 * s, Limit: 4 * s}, 0, math.Log(4)},
		{Pair{Base: 5 * s, New: 9 * s, Limit: 4 * s}, 0, 0},
		// Were the base twice as large it would be over the limit too.
		{Pair{Base: 3 * s, New: 9 * s, Limit: 4 * s}, math.Log(2), 0},
		{Pair{Base: 9 * s, New: 3 * s, Limit: 4 * s}, -math.Log(2), math.Log(2. / 2)},
		{Pair{Base: 9 * s, New: s, Limit: 4 * s}, -math.Log(2), math.Log(1. / 2)},
		{Pair{}, 0, 0},
	} {
		if got := c.pair.LogRatio(c.shift); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v shifted by %g: %g, want %g", c.pair, c.shift, got, c.want)
		}
	}
}

func TestCentre(t *testing.T) {
	for _, values := range [][]float64{{3}, {1, 2}, {1, 2, 10}, {5, 1, 1, 1, 8}, {-3, 4, 0.5, 0.5, 9, -2, 7}} {
		var means []float64
		for i, x := range values {
			for _, y := range values[i:] {
				means = append(means, (x+y)/2)
			}
		}
		slices.Sort(means)
		got := Centre(values)
		low, high := means[(len(means)-1)/2], means[len(means)/2]
		if got < low-1e-9 || got > high+1e-9 {
			t.Errorf("of %v: %g, want %g to %g", values, got, low, high)
		}
	}
}

// Bounds hold what they claim, at every look, whatever the shape.
func TestPairBounds(t *testing.T) {
	rng := NewRand(1)
	const rounds, blocks, truth = 200, 40, 0.2
	missed := 0
	for range rounds {
		var pairs []Pair
		out := false
		for range blocks {
			drift := rng.NormFloat64()
			base := math.Exp(20 + drift + 0.2*rng.NormFloat64())
			new := math.Exp(20 + drift + 0.2*rng.NormFloat64() + truth)
			pairs = append(pairs, Pair{Base: time.Duration(base), New: time.Duration(new)})
			if len(pairs)%5 == 0 {
				low, high := PairBounds(pairs, 0.05)
				out = out || low > truth || high < truth
			}
		}
		if out {
			missed++
		}
		if low, high := PairBounds(pairs, 0.05); !(low > truth-0.5 && high < truth+0.5) {
			t.Fatalf("after %d blocks: %g to %g", blocks, low, high)
		}
	}
	if missed > rounds/10+10 {
		t.Errorf("the truth was left out in %d of %d", missed, rounds)
	}
}

func TestPairBoundsOfFewAreNone(t *testing.T) {
	pairs := slices.Repeat([]Pair{{Base: time.Second, New: 2 * time.Second}}, 5)
	if low, high := PairBounds(pairs, 0.05); !math.IsInf(low, -1) || !math.IsInf(high, 1) {
		t.Errorf("%g to %g", low, high)
	}
}
