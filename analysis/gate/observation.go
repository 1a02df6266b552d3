package gate

import (
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// observation is what one run says of what is compared. However many starts or requests
// it is made of, it is one.
type observation struct {
	// value is on the comparison's scale: infinite where it is a failure, or known only to
	// be over a limit.
	value float64
	// of holds what the value is a quantile of. It is nil for a load, whose requests depend
	// on one another.
	of *stat.Set
}

// observe is the quantile of a set.
func observe(s *stat.Set, q float64) observation {
	return observation{observedAt(s.Quantile(q)), s}
}

// samples are those that the value is a quantile of, up to a limit; or the value itself.
func (o observation) samples(limit float64) []float64 {
	if o.of == nil {
		return []float64{min(o.value, limit)}
	}
	var list []float64
	for i := range o.of.N() {
		list = append(list, min(observedAt(o.of.Order(i+1)), limit))
	}
	return list
}

func observedAt(p stat.Point) float64 {
	if p.Over {
		return math.Inf(1)
	}
	return logOf(p.Latency)
}

func logOf(d time.Duration) float64 { return math.Log(math.Max(float64(d), 1)) }

// observations are those of one side, one a run.
type observations []observation

func observeAll(sets []*stat.Set, q float64) observations {
	var list observations
	for _, s := range sets {
		list = append(list, observe(s, q))
	}
	return list
}

// upTo are the values, of which those over the limit count as it, and whether any is.
func (s observations) upTo(limit float64) (values []float64, over bool) {
	for _, o := range s {
		values = append(values, min(o.value, limit))
		over = over || o.value > limit
	}
	return values, over
}

// logLimit is a limit of latencies on their scale; zero is none.
func logLimit(limit time.Duration) float64 {
	if limit > 0 {
		return logOf(limit)
	}
	return math.Inf(1)
}

// sure is the limit, or where there is none and something failed nevertheless, the largest
// value that is known.
func sure(limit float64, sides ...observations) float64 {
	highest, failed := 0.0, false
	for _, o := range slices.Concat(sides...) {
		if math.IsInf(o.value, 1) {
			failed = true
		} else {
			highest = max(highest, o.value)
		}
	}
	if math.IsInf(limit, 1) && failed {
		return highest
	}
	return limit
}
