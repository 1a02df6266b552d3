package stat

import (
	"math"
	"testing"
	"time"
)

func drawn(n int, seed uint64) *Set {
	rng := NewRand(seed)
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = time.Duration(1e9 * math.Exp(0.4*rng.NormFloat64()))
	}
	return NewSet(list, nil)
}

// The ratio's interval holds the true ratio also where one side has few samples and
// the other many.
func TestRatioIntervalCovers(t *testing.T) {
	const rounds = 400
	for _, sizes := range [][2]int{{6, 6}, {6, 1000}, {1000, 6}, {10, 1000}, {20, 1000}, {30, 1000}, {20, 20}, {100, 100}} {
		covered := 0
		for i := range uint64(rounds) {
			c := ChangeOf(drawn(sizes[0], 2*i+1), drawn(sizes[1], 2*i+2), 0.5, i)
			if c.Ratio.Interval && c.Ratio.Low <= 1 && 1 <= c.Ratio.High {
				covered++
			}
		}
		if covered < rounds*93/100 {
			t.Errorf("%d against %d: the interval covers the ratio %.1f %% of the time", sizes[1], sizes[0], 100*float64(covered)/rounds)
		}
	}
}
