package stat

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// drawnParts are runs of lognormal latencies around a second, which differ by between.
func drawnParts(runs, samples int, between float64, seed uint64) Parts {
	rng := NewRand(seed)
	var p Parts
	for range runs {
		factor := math.Exp(between * rng.NormFloat64())
		var list []time.Duration
		for range samples {
			list = append(list, time.Duration(1e9*factor*math.Exp(0.15*rng.NormFloat64())))
		}
		p = append(p, NewSet(list, nil))
	}
	return p
}

func TestJoinedIsTheSetOfAllSamples(t *testing.T) {
	s := time.Second
	p := Parts{NewRanked([]time.Duration{3 * s, 1 * s}, []time.Duration{10 * s}, 1), nil, NewRanked([]time.Duration{2 * s, 20 * s}, []time.Duration{5 * s}, 0)}
	want := NewRanked([]time.Duration{1 * s, 2 * s, 3 * s, 20 * s}, []time.Duration{10 * s, 5 * s}, 1)
	if diff := cmp.Diff(want, p.Joined(), cmp.AllowUnexported(Set{})); diff != "" {
		t.Error(diff)
	}
	for rank := 1; rank <= want.N(); rank++ {
		q := float64(rank) / float64(want.N())
		point, most := want.Quantile(q), 30*s
		if point.Over {
			point.Latency = most
		}
		if got := p.logQuantile(q, p.some(), most); math.Abs(got-math.Log(float64(point.Latency))) > 1e-9 {
			t.Errorf("rank %d: %g, want that of %s", rank, math.Exp(got), point)
		}
	}
}

// Requests of one run share what the run differs by. The interval of several runs holds
// the true median nine times of ten or more; that of independent samples does not.
func TestIntervalsOfSeveralRunsCover(t *testing.T) {
	const rounds = 300
	byParts, byAll := 0, 0
	holds := func(i Interval) int {
		if i.Low != nil && i.High != nil && i.Low.Latency <= time.Second && i.High.Latency >= time.Second {
			return 1
		}
		return 0
	}
	for seed := range uint64(rounds) {
		p := drawnParts(4, 50, 0.1, seed)
		byParts += holds(p.Interval(0.5, Confidence))
		byAll += holds(p.Joined().Interval(0.5, Confidence))
	}
	if byParts < rounds*90/100 || byAll > rounds*60/100 {
		t.Errorf("of %d intervals %d by runs hold the median, and %d by all samples", rounds, byParts, byAll)
	}
}

// Two sides of runs that differ by 10 % and nothing else: a difference is shown in one
// case of twenty or fewer. Where each run measured both sides, its effect drops out,
// and a ratio of 1.3 is shown.
func TestChangeOfSeveralRuns(t *testing.T) {
	const rounds = 200
	false1, false2, shown := 0, 0, 0
	for seed := range uint64(rounds) {
		base, new := drawnParts(5, 40, 0.1, seed), drawnParts(5, 40, 0.1, 1000+seed)
		if ChangeOfParts(base, new, false, 0.5, 1).P <= 0.05 {
			false1++
		}
		if ChangeOf(base.Joined(), new.Joined(), 0.5, 1).P <= 0.05 {
			false2++
		}
		var slower Parts
		for _, s := range base {
			var list []time.Duration
			for _, d := range s.Answered().observed {
				list = append(list, d*13/10)
			}
			slower = append(slower, NewSet(list, nil))
		}
		if c := ChangeOfParts(base, slower, true, 0.5, 1); c.P <= 0.05 && c.Ratio.Low > 1.1 && c.Ratio.High < 1.5 {
			shown++
		}
	}
	if false1 > rounds*8/100 || false2 < rounds*20/100 || shown < rounds*95/100 {
		t.Errorf("of %d: %d false by runs, %d by all samples, %d shown in pairs", rounds, false1, false2, shown)
	}
}
