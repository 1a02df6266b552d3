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
	for i, s := range slices.Concat(c.base, c.new) {
		for _, v := range s.Logs(c.limit) {
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
	tolerance float64
	draws     [][]float64
}

// caught is how often a change by the share is found. The same draws serve
// every share, so that it rises with it.
func (t trial) caught(worse float64) float64 {
	shift, found := math.Log1p(worse), 0
	values := make([]float64, t.base+t.new)
	for _, draw := range t.draws {
		copy(values, draw)
		for i := t.base; i < len(values); i++ {
			values[i] += shift
		}
		change := math.Expm1(stat.Mean(values[t.base:]) - stat.Mean(values[:t.base]))
		if change > t.tolerance && t.perms.P(values) <= t.level*(1+1e-9) {
			found++
		}
	}
	return float64(found) / float64(len(t.draws))
}

// passed is how often a change by the share passes, which takes that it is shown to
// lie under the tolerance.
func (t trial) passed(worse float64) float64 {
	shift, passed := math.Log1p(worse)-math.Log1p(t.tolerance), 0
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
func newTrial(n noise, base, new, samples, comparisons int, tolerance float64, seed uint64) trial {
	return trial{
		perms: stat.NewPermutations(base, new, powerPermutations, seed),
		base:  base, new: new, level: analysis.Alpha / float64(comparisons), tolerance: tolerance,
		draws: n.simulate(base+new, samples, stat.NewRand(seed)),
	}
}

// power simulates the judgement with the noise that was seen: normal between
// units, resampled within them.
func (c *comparison) power(comparisons int, o Options) *Power {
	return newTrial(noiseOf(c, o.Seed), len(c.base), len(c.new), c.samples, comparisons, c.tolerance, o.Seed+1).power()
}

func (t trial) power() *Power { return ladderPower(t.caught) }

// ladderPower is the least change of the ladder that is caught as often as
// wanted, or its last.
func ladderPower(caught func(worse float64) float64) *Power {
	p := &Power{}
	for _, worse := range ladder {
		p.Worse, p.Caught = stat.Real(worse), stat.Real(caught(worse))
		if p.Caught >= wanted {
			break
		}
	}
	only := ""
	if p.Caught < wanted {
		only = "only "
	}
	p.Text = fmt.Sprintf("would have caught +%s, %s%.0f %% of the time", percent(float64(p.Worse)), only, 100*float64(p.Caught))
	return p
}
