package stat

import (
	"math"
	"testing"
	"time"
)

func TestLogQuantile(t *testing.T) {
	second := time.Second
	for name, c := range map[string]struct {
		set     *Set
		q       float64
		limit   time.Duration
		want    time.Duration
		clipped bool
	}{
		"as it is":          {seconds(30), 0.5, 0, 15 * second, false},
		"under the limit":   {seconds(30), 0.5, 20 * second, 15 * second, false},
		"over the limit":    {seconds(30), 0.95, 20 * second, 20 * second, true},
		"among timeouts":    {seconds(8, 10*second, 10*second), 0.95, 10 * second, 10 * second, true},
		"among failures":    {NewRanked([]time.Duration{1, 2}, nil, 2), 0.95, 7, 7, true},
		"failure, no limit": {NewRanked([]time.Duration{1, 2}, nil, 2), 0.95, 0, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, clipped := c.set.LogQuantile(c.q, c.limit)
			if math.Abs(got-math.Log(float64(c.want))) > 1e-9 || clipped != c.clipped {
				t.Errorf("%s, %v", time.Duration(math.Exp(got)), clipped)
			}
		})
	}
}

// Failures rank above timeouts, and these above what was observed.
func TestFailuresRankAboveAll(t *testing.T) {
	s := NewRanked([]time.Duration{3, 1, 2}, []time.Duration{9, 9}, 2)
	want := []Point{{Latency: 1}, {Latency: 2}, {Latency: 3}, {Latency: 9, Over: true}, {Latency: 9, Over: true},
		{Latency: 9, Over: true, Failed: true}, {Latency: 9, Over: true, Failed: true}}
	for i, p := range want {
		if got := s.Order(i + 1); got != p {
			t.Errorf("rank %d is %+v, want %+v", i+1, got, p)
		}
	}
	if s.N() != 7 || s.Censored() != 2 || s.Failed() != 2 || s.Max() != want[6] || s.Max().String() != "a failure" {
		t.Errorf("%d samples, the largest is %s", s.N(), s.Max())
	}
	if _, ok := NewRanked([]time.Duration{1}, nil, 1).Mean(); ok {
		t.Error("failures have a mean")
	}
	if p := NewRanked(nil, nil, 3).Quantile(0.5); !p.Failed {
		t.Errorf("nothing but failures: %+v", p)
	}
}
