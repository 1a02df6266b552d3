package gate

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/start"
)

// world is a cluster whose behaviour is known: from what its latencies are drawn, and
// what they share.
type world struct {
	name string
	// draw is one latency in seconds.
	draw func(*rand.Rand) float64
	// between is the standard deviation of the logarithm that runs differ by.
	between float64
	// stays is the share of what a request deviates by that the next one keeps, and
	// wander the standard deviation of that part of the logarithm.
	stays, wander float64
	// baseFails and newFails are the shares of starts that fail.
	baseFails, newFails float64
}

func quiet(rng *rand.Rand) float64 { return math.Exp(0.15 * rng.NormFloat64()) }

func lognormal(rng *rand.Rand) float64 { return math.Exp(0.4 * rng.NormFloat64()) }

// heavy has a tail in which one start in a hundred takes six times the median.
func heavy(rng *rand.Rand) float64 { return math.Pow(1-rng.Float64(), -1/2.2) }

// ticks is a quiet machine of which one start in ten waits for another tick of the
// autoscaler.
func ticks(rng *rand.Rand) float64 {
	if rng.Float64() < 0.1 {
		return quiet(rng) + 2
	}
	return quiet(rng)
}

// The generators of the table.
var (
	plainWorld   = world{name: "lognormal, sigma 0.4", draw: lognormal}
	heavyWorld   = world{name: "heavy tail (Pareto 2.2)", draw: heavy}
	ticksWorld   = world{name: "ticks (+2 s in 10 %)", draw: ticks}
	runsWorld    = world{name: "run effects of 10 %", draw: quiet, between: 0.1}
	wanderWorld  = world{name: "autocorrelation 0.9", draw: quiet, stays: 0.9, wander: 0.15}
	allWorld     = world{name: "ticks, run effects of 5 %, autocorrelation", draw: ticks, between: 0.05, stays: 0.9, wander: 0.1}
	newFailWorld = world{name: "2 % of the new fail", draw: lognormal, newFails: 0.02}
	oldFailWorld = world{name: "2 % of the base fail", draw: lognormal, baseFails: 0.02}
)

// run draws one run in which everything takes factor times as long and a share
// fails.
func (w world) run(samples int, factor, fails float64, rng *rand.Rand) start.List {
	factor *= math.Exp(w.between * rng.NormFloat64())
	carried := w.wander * rng.NormFloat64()
	var list start.List
	for i := range samples {
		s := start.Start{At: time.Duration(i), Proven: true, Timeout: 100 * time.Second}
		s.Latency = time.Duration(1e9 * factor * math.Exp(carried) * w.draw(rng))
		if rng.Float64() < fails {
			s.Fate = start.Failed
		}
		list = append(list, s)
		carried = w.stays*carried + math.Sqrt(1-w.stays*w.stays)*w.wander*rng.NormFloat64()
	}
	return list
}

// quantile is the true one of the world's latencies, over all runs.
func (w world) quantile(q float64) float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 50_000)
	wide := math.Hypot(w.between, w.wander)
	for i := range values {
		values[i] = math.Exp(wide*rng.NormFloat64()) * w.draw(rng)
	}
	return kth(values, int(math.Ceil(q*float64(len(values)))))
}
