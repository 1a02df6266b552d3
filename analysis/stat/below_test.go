package stat

import (
	"math"
	"testing"
)

func TestBelowTakesManyZeros(t *testing.T) {
	b, n := Below{Limit: 0.05}, 0
	for b.P() > 0.05 {
		b.Add(0)
		n++
	}
	if n < 70 || n > 80 {
		t.Errorf("it takes %d zeros to show that a share is under 5 %%", n)
	}
	if high := MeanBelow(make([]float64, n), 0.05); math.Abs(high-0.05) > 0.001 {
		t.Errorf("the bound is %g then", high)
	}
	if high := MeanBelow(nil, 0.05); high < 0.999 {
		t.Errorf("nothing bounds the share by %g", high)
	}
}

// At a share that is the limit, looking after every difference shows that it is less
// in no more than 5 % of the series.
func TestBelowIsRarelyWrong(t *testing.T) {
	const rounds = 400
	wrong := 0
	for seed := range uint64(rounds) {
		rng, b := NewRand(seed), Below{Limit: 0.05}
		for range 300 {
			d := 0.0
			switch u := rng.Float64(); {
			case u < 0.07:
				d = 1
			case u < 0.09:
				d = -1
			}
			b.Add(d)
		}
		if b.P() <= 0.05 {
			wrong++
		}
	}
	if wrong > rounds/20 {
		t.Errorf("%d of %d are wrong", wrong, rounds)
	}
}

func TestGroupsOf(t *testing.T) {
	same := [][]float64{{1, 2, 3}, {2, 3, 1}, {3, 1, 2}}
	if g, ok := GroupsOf(same); !ok || g.Between != 0 || g.P < 0.9 || g.Free != 2 {
		t.Errorf("groups that are alike: %+v, %v", g, ok)
	}
	apart := [][]float64{{1, 2, 3}, {11, 12, 13}, {21, 22, 23}}
	g, ok := GroupsOf(apart)
	// Mean squares of 300 between and 1 within, of groups of 3; F = 300 with 2 and 6.
	if !ok || math.Abs(g.Between-299./3) > 1e-9 || math.Abs(g.P-9.9e-7) > 1e-7 {
		t.Errorf("groups that are apart: %+v, %v", g, ok)
	}
	if g, ok := GroupsOf(apart[:1], apart[1:2]); ok {
		t.Errorf("one group a set: %+v", g)
	}
	// Sets have means of their own: that one is far from the other says nothing.
	if g, ok := GroupsOf(same, [][]float64{{101, 102, 103}, {102, 101, 103}}); !ok || g.Between != 0 {
		t.Errorf("sets that are apart: %+v, %v", g, ok)
	}
}
