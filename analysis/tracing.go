package analysis

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Tracing compares the traced starts of a cell, which are in none of its quantiles, with
// the others.
type Tracing struct {
	// Samples counts the traced starts that were answered, and Median is theirs.
	Samples int           `json:"samples"`
	Median  time.Duration `json:"medianNs"`
	// Ratio is their median over that of the starts that were not traced. The traced ones
	// come last in a run, so whatever drifted during the run is part of it.
	Ratio *stat.Ratio `json:"ratio,omitempty"`
}

// tracingOf is nil where nothing was traced.
func tracingOf(plain *stat.Set, traced []time.Duration) *Tracing {
	if len(traced) == 0 {
		return nil
	}
	set := stat.NewSet(traced, nil)
	t := &Tracing{Samples: set.N(), Median: set.Quantile(0.5).Latency}
	if plain.N() > 0 {
		t.Ratio = stat.ChangeOf(plain, set, 0.5, bootstrapSeed).Ratio
	}
	return t
}
