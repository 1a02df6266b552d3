package gate

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Unit is what counts as one piece of evidence.
type Unit string

// The units of evidence.
const (
	// UnitRun is one invocation. It is right for a baseline that was stored:
	// what differs from one invocation to the next is part of the noise.
	UnitRun Unit = "run"
	// UnitBlock is as many consecutive blocks of a run as hold the samples that a
	// quantile needs. It is right where both sides were measured in turns, block
	// by block, so that drift hits both; between runs it takes drift for change.
	UnitBlock Unit = "block"
)

// samplesNeeded is the least number of samples a unit's q-quantile is judged
// from: 5 for the median, 10 for p95, 50 for p99. With so few, an upper quantile
// is the maximum; among units of one size that compares well, if not sharply.
func samplesNeeded(q float64) int {
	return max(5, int(math.Ceil(0.5/(1-q)-1e-9)))
}

// evidence gathers the latencies of each cell by unit.
func evidence(runs []*record.Run, o Options) map[record.Key][]*stat.Set {
	units := map[record.Key][]*stat.Set{}
	for _, r := range runs {
		for k, samples := range byCell(r) {
			for _, part := range split(samples, o) {
				units[k] = append(units[k], latencies(part))
			}
		}
	}
	return units
}

func byCell(r *record.Run) map[record.Key][]*record.Sample {
	cells := map[record.Key][]*record.Sample{}
	for i := range r.Samples {
		if s := &r.Samples[i]; analysis.Measured(s) {
			k := s.Key()
			cells[k] = append(cells[k], s)
		}
	}
	return cells
}

// split divides the samples of one run into units. A rest of blocks too small
// for a unit of its own joins the last.
func split(samples []*record.Sample, o Options) [][]*record.Sample {
	if o.Unit == UnitRun {
		return [][]*record.Sample{samples}
	}
	needed := 0
	for _, q := range o.Quantiles {
		needed = max(needed, samplesNeeded(q))
	}
	blocks := map[int][]*record.Sample{}
	for _, s := range samples {
		blocks[s.Block] = append(blocks[s.Block], s)
	}
	var units [][]*record.Sample
	var current []*record.Sample
	for _, block := range slices.SortedFunc(maps.Keys(blocks), cmp.Compare[int]) {
		current = append(current, blocks[block]...)
		if len(current) >= needed {
			units, current = append(units, current), nil
		}
	}
	switch {
	case len(units) == 0:
		return [][]*record.Sample{current}
	case len(current) > 0:
		units[len(units)-1] = append(units[len(units)-1], current...)
	}
	return units
}

func latencies(samples []*record.Sample) *stat.Set {
	var observed, limits []time.Duration
	for _, s := range samples {
		if s.Censored() {
			limits = append(limits, analysis.Limit(s))
		} else {
			observed = append(observed, s.ResponseLatency)
		}
	}
	return stat.NewSet(observed, limits)
}
