package gate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// wanted is how often a judgement is asked to catch a change.
const wanted = 0.8

// mostWorse is the largest change for which power is looked up: so much is as good as
// never.
const mostWorse = 64

// scalingPower finds by how much everything would have had to be slower (or,
// for a threshold from below, faster) to be caught as often as wanted. caught
// must not fall as things get worse.
func scalingPower(caught func(factor float64) float64, slower bool) *Power {
	at := func(worse float64) float64 {
		if slower {
			return 1 + worse
		}
		return 1 / (1 + worse)
	}
	if caught(at(mostWorse)) < wanted {
		return &Power{Worse: mostWorse, Caught: stat.Real(caught(at(mostWorse))), Text: "so few samples could not have failed"}
	}
	worse := 0.0
	if caught(1) < wanted {
		worse = bisect(0, mostWorse, func(w float64) bool { return caught(at(w)) < wanted })
	}
	p := &Power{Worse: stat.Real(worse), Caught: stat.Real(caught(at(worse)))}
	if worse == 0 {
		p.Text = fmt.Sprintf("would have caught what was seen, %.0f %% of the time", 100*float64(p.Caught))
		return p
	}
	sign, change := "+", worse
	if !slower {
		sign, change = "-", 1-at(worse)
	}
	p.Text = fmt.Sprintf("would have caught %s%s, %.0f %% of the time", sign, percent(change), 100*float64(p.Caught))
	return p
}

// shareCatcher returns how often a true share would be caught beyond the limit,
// and the worst share there is.
func shareCatcher(limit float64, n int, upper bool) (end float64, caught func(share float64) float64) {
	if upper {
		k := stat.FewestAbove(limit, n, stat.Confidence)
		return 1, func(share float64) float64 { return 1 - stat.Binomial{N: n, P: share}.CDF(k-1) }
	}
	k := stat.MostBelow(limit, n, stat.Confidence)
	return 0, func(share float64) float64 { return stat.Binomial{N: n, P: share}.CDF(k) }
}

// bisect goes from one end, where missed holds, towards the other until it does
// not, and returns the far side of the border.
func bisect(from, to float64, missed func(float64) bool) float64 {
	for range 50 {
		if mid := (from + to) / 2; missed(mid) {
			from = mid
		} else {
			to = mid
		}
	}
	return to
}

// noise is what the quantile of a unit varies by, in logarithms: between runs,
// and within one because it is made of few samples.
type noise struct {
	quantile float64
	// between is the standard deviation of what all samples of a unit share.
	between float64
	// residuals are the samples around their unit's quantile, ascending.
	residuals []float64
}

const (
	simulations = 400
	// powerPermutations is as many as a simulated test needs.
	powerPermutations = 2000
)

// noiseOf splits the variance seen between the units into the part that few
// samples explain and the rest.
func noiseOf(c *comparison, seed uint64) noise {
	n := noise{quantile: c.quantile}
	for i, o := range slices.Concat(c.base, c.new) {
		for _, v := range o.samples(c.limit) {
			n.residuals = append(n.residuals, v-c.values[i])
		}
	}
	slices.Sort(n.residuals)
	rng := stat.NewRand(seed)
	within := make([]float64, simulations)
	for i := range within {
		within[i] = n.within(c.samples, rng)
	}
	seen := stat.PooledVariance(c.values[:len(c.base)], c.values[len(c.base):])
	if len(c.new) == 0 {
		seen = stat.Variance(c.values)
	}
	n.between = math.Sqrt(max(0, seen-stat.Variance(within)))
	return n
}

// within draws the quantile of a unit of m samples.
func (n noise) within(m int, rng *rand.Rand) float64 {
	return n.residuals[stat.ResampleRank(n.quantile, m, len(n.residuals), rng)-1]
}

// simulate draws the log quantiles of that many units, as often as simulations.
func (n noise) simulate(units, samples int, rng *rand.Rand) [][]float64 {
	draws := make([][]float64, simulations)
	for i := range draws {
		draws[i] = make([]float64, units)
		for j := range draws[i] {
			draws[i][j] = n.between*rng.NormFloat64() + n.within(samples, rng)
		}
	}
	return draws
}

// trial is one design of the gate's test, for simulated runs.
type trial struct {
	perms     *stat.Permutations
	base, new int
	level     float64 // that the p-value must reach
	allowed   float64 // how large a change may be
	draws     [][]float64
}

// caught is how often a change is found. The same draws serve every change, so that it
// rises with it.
func (t trial) caught(shift float64) float64 {
	found := 0
	values := make([]float64, t.base+t.new)
	for _, draw := range t.draws {
		copy(values, draw)
		for i := t.base; i < len(values); i++ {
			values[i] += shift
		}
		change := stat.Mean(values[t.base:]) - stat.Mean(values[:t.base])
		if change > t.allowed && t.perms.P(values) <= t.level*(1+1e-9) {
			found++
		}
	}
	return float64(found) / float64(len(t.draws))
}

// passed is how often a change passes, which takes that it is shown to lie under what is
// allowed.
func (t trial) passed(change float64) float64 {
	shift, passed := change-t.allowed, 0
	values := make([]float64, t.base+t.new)
	for _, draw := range t.draws {
		for i, v := range draw {
			if i >= t.base {
				v += shift
			}
			values[i] = -v
		}
		if t.perms.P(values) <= analysis.Alpha*(1+1e-9) {
			passed++
		}
	}
	return float64(passed) / float64(len(t.draws))
}

// ladder holds the changes for which power is looked up.
var ladder = []float64{0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50, 0.75, 1, 1.5, 2, 3}

// newTrial is the test of base against new runs of so many samples, among so
// many comparisons: were a change the only one, Holm would ask the level divided
// by their number of it.
func newTrial(n noise, base, new, samples, comparisons int, allowed float64, seed uint64) trial {
	return trial{
		perms: stat.NewPermutations(base, new, powerPermutations, seed),
		base:  base, new: new, level: analysis.Alpha / float64(comparisons), allowed: allowed,
		draws: n.simulate(base+new, samples, stat.NewRand(seed)),
	}
}

// power simulates the judgement with the noise that was seen: normal between
// units, resampled within them.
func (c *comparison) power(comparisons int, o Options) *Power {
	f := c.found
	t := newTrial(noiseOf(c, o.Seed), len(c.base), len(c.new), c.samples, comparisons, f.allowed, o.Seed+1)
	return ladderPower(func(times float64) (worse, caught float64, text string) {
		shift := c.step(times, f.base, f.allowed)
		return c.in(shift), t.caught(shift), c.change(shift)
	})
}

// ladderPower is the least change of the ladder that is caught as often as
// wanted, or its last.
func ladderPower(try func(times float64) (worse, caught float64, text string)) *Power {
	p, change := &Power{}, ""
	for _, times := range ladder {
		worse, caught, text := try(times)
		if p.Worse, p.Caught, change = stat.Real(worse), stat.Real(caught), text; p.Caught >= wanted {
			break
		}
	}
	only := ""
	if p.Caught < wanted {
		only = "only "
	}
	p.Text = fmt.Sprintf("would have caught %s, %s%.0f %% of the time", change, only, 100*float64(p.Caught))
	return p
}
