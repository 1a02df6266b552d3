package gate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// abRule decides on one percentile of side b, pair by pair.
type abRule interface {
	// add takes the next pair and says what is known then.
	add(abPair) Verdict
	// p are the p-values of b being slower, and of it being so by the tolerance.
	p() (slower, within float64)
}

// sequential is a rule whose failure stands once it is shown, whatever comes later:
// a run ends there, and its file says the same.
type sequential struct {
	abRule
	failed bool
}

// newABRule is the rule for a quantile, whose false alarms have the level.
func newABRule(q, tolerance, level float64) *sequential {
	if q == 0.5 {
		return &sequential{abRule: &medianRule{tolerance: tolerance, level: level}}
	}
	return &sequential{abRule: &tailRule{q: q, tolerance: tolerance, level: level}}
}

func (r *sequential) add(p abPair) Verdict {
	v := r.abRule.add(p)
	if r.failed = r.failed || v == Fail; r.failed {
		return Fail
	}
	return v
}

// decide takes all pairs and says what is known after the last.
func (r *sequential) decide(pairs []abPair) Verdict {
	v := Inconclusive
	for _, p := range pairs {
		v = r.add(p)
	}
	return v
}

// medianRule goes by the ratio within each pair.
type medianRule struct {
	tolerance float64 // as a share
	level     float64
	slower    stat.Evidence
	within    stat.Evidence // that b is not slower by the tolerance
	sorted    []float64     // logarithms of the ratios
}

func (r *medianRule) p() (slower, within float64) { return r.slower.P(), r.within.P() }

// add fails where the ratio's centre exceeds the tolerance; see stat.Centre.
func (r *medianRule) add(p abPair) Verdict {
	limit := math.Log1p(r.tolerance)
	d := p.LogRatio(0)
	at, _ := slices.BinarySearch(r.sorted, d)
	r.sorted = slices.Insert(r.sorted, at, d)
	r.slower.Add(d)
	r.within.Add(-p.LogRatio(limit))
	switch {
	case r.slower.P() <= r.level && stat.MeansAbove(r.sorted, limit) > 0.5:
		return Fail
	case r.within.P() <= alphaWithin:
		return Pass
	}
	return Inconclusive
}

// tailRule goes by which side of a pair exceeds a threshold in the tail. The
// threshold is the quantile of all that came before, of both sides together, so that
// it does not depend on the pair. If the sides are the same, either is as likely to be
// the one that exceeds it; a pair in which both do, or neither, says nothing.
//
// Of b being slower it asks at three thresholds at once, because one that lies among
// values that many share, such as those of another tick of the autoscaler, would tell
// only half of them. That b is slower by less than the tolerance is asked at the
// quantile alone, of side a made slower by the tolerance.
type tailRule struct {
	q         float64
	tolerance float64
	level     float64
	slower    stat.Evidence
	within    stat.Evidence
	a, b      []float64 // ascending
	both      []float64 // a and b
	scaled    []float64 // a made slower, and b
}

// tailParts are where the thresholds lie, as multiples of the tail above the quantile.
var tailParts = []float64{0.5, 1, 2}

// leastTail is how many tails' worth of latencies come before the first threshold.
const leastTail = 1

func (r *tailRule) p() (slower, within float64) { return r.slower.P(), r.within.P() }

func (r *tailRule) add(p abPair) Verdict {
	a, b := seconds(p.Base, p.Limit, p.aFailed), seconds(p.New, p.Limit, p.bFailed)
	slowed := a * (1 + r.tolerance)
	if float64(len(r.both))*(1-r.q) >= leastTail {
		score := 0.0
		for _, part := range tailParts {
			score += exceeds(b, a, quantileOf(r.both, max(0, 1-part*(1-r.q))))
		}
		r.slower.Add(score)
		r.within.Add(exceeds(slowed, b, quantileOf(r.scaled, r.q)))
	}
	insert(&r.a, a)
	insert(&r.b, b)
	insert(&r.both, a, b)
	insert(&r.scaled, slowed, b)
	base, new := quantileOf(r.a, r.q), quantileOf(r.b, r.q)
	switch {
	case r.slower.P() <= r.level && new > base*(1+r.tolerance):
		return Fail
	case r.within.P() <= alphaWithin:
		return Pass
	}
	return Inconclusive
}

// seconds is a latency as a number, infinite for one that failed or is over the limit.
func seconds(d, limit time.Duration, failed bool) float64 {
	if failed || limit > 0 && d >= limit {
		return math.Inf(1)
	}
	return d.Seconds()
}

// exceeds is 1 where the first alone is over the threshold, -1 where the second
// alone is, and otherwise 0.
func exceeds(first, second, threshold float64) float64 {
	switch f, s := first > threshold, second > threshold; {
	case f && !s:
		return 1
	case s && !f:
		return -1
	}
	return 0
}

func insert(sorted *[]float64, values ...float64) {
	for _, v := range values {
		at, _ := slices.BinarySearch(*sorted, v)
		*sorted = slices.Insert(*sorted, at, v)
	}
}

func quantileOf(sorted []float64, q float64) float64 { return sorted[stat.Rank(q, len(sorted))-1] }

// simulate is a run that goes on until the rule decides, for so many blocks at
// most, and how many it took.
func simulateAB(rule *sequential, most int, draw func() abPair) (v Verdict, blocks int) {
	for v = Inconclusive; v == Inconclusive && blocks < most; blocks++ {
		v = rule.add(draw())
	}
	return v, blocks
}

// abPower is what the rule would have caught in as many blocks, had they the noise
// that was seen: that of the ratios within a pair around their centre, and above the
// median that of all latencies.
func abPower(q, tolerance, level float64, pairs []abPair, seed uint64) *Power {
	draw := ratioNoise(pairs)
	if q != 0.5 {
		draw = latencyNoise(pairs)
	}
	rounds := simulations
	if q != 0.5 {
		rounds /= 4
	}
	return ladderPower(func(worse float64) (change, found float64, text string) {
		// The same draws serve every change, so that what is caught rises with it.
		rng := stat.NewRand(cmp.Or(seed, 1))
		caught := 0
		for range rounds {
			verdict, _ := simulateAB(newABRule(q, tolerance, level), len(pairs), func() abPair { return draw(worse, rng) })
			if verdict == Fail {
				caught++
			}
		}
		return worse, float64(caught) / float64(rounds), "+" + percent(worse)
	})
}

type drawPair func(worse float64, rng *rand.Rand) abPair

func ratioNoise(pairs []abPair) drawPair {
	noise := logRatios(pairs)
	centre := stat.Centre(noise)
	for i := range noise {
		noise[i] -= centre
	}
	return func(worse float64, rng *rand.Rand) abPair {
		return abPair{Pair: stat.Pair{Base: time.Second, New: time.Duration(1e9 * (1 + worse) * math.Exp(drawNoise(noise, rng)))}}
	}
}

// drawNoise is symmetric, as the noise of two sides that are measured alike is.
func drawNoise(noise []float64, rng *rand.Rand) float64 {
	v := noise[rng.IntN(len(noise))]
	if rng.IntN(2) == 0 {
		return -v
	}
	return v
}

func latencyNoise(pairs []abPair) drawPair {
	var all []time.Duration
	for _, p := range pairs {
		all = append(all, p.Base, p.New)
	}
	return func(worse float64, rng *rand.Rand) abPair {
		new := float64(all[rng.IntN(len(all))]) * (1 + worse)
		return abPair{Pair: stat.Pair{Base: all[rng.IntN(len(all))], New: time.Duration(new)}}
	}
}

func logRatios(pairs []abPair) []float64 {
	list := make([]float64, len(pairs))
	for i, p := range pairs {
		list[i] = p.LogRatio(0)
	}
	return list
}
