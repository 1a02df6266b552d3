package metric

import (
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// ofLoad says that a search was for a rate: the highest one that held may be zero.
func ofLoad(s *analysis.Summary, l analysis.ClassLimit) bool {
	return slices.ContainsFunc(s.Runs, func(r analysis.RunInfo) bool { return r.RunID == l.RunID && r.Shape.Load })
}

// limitFamilies are about how far a cluster could be pushed, and what memory it took.
func limitFamilies(s *analysis.Summary) []Family {
	services := &Family{Name: "limit_services", Help: "The largest number of services that held, by a search."}
	rate := &Family{Name: "limit_rate", Help: "The highest rate of a load that held, by a search, in requests a second."}
	for _, l := range s.Limits {
		if ofLoad(s, l) {
			rate.count(l.Rate, labelsOf(l.Key())...)
		} else {
			services.count(l.Services, labelsOf(l.Key())...)
		}
	}
	memory := &Family{Name: "instance_memory", Unit: Bytes, Help: "By how much memory grows with one more instance, by what was read."}
	for i := range s.Memory {
		m := &s.Memory[i]
		if value := float64(m.PerInstance.Value); !math.IsNaN(value) {
			memory.add(value, with(labelsOf(m.Key()), "source", string(m.Source))...)
		}
	}
	return families(services, rate, memory)
}
