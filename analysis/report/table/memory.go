package table

import (
	"fmt"
	"math"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Memory says what one more instance of each class takes.
func Memory(s *analysis.Summary) *Table {
	t := New("memory of", "runtimeClass", " per instance", " 95 % interval", " without instances", " instances", " rounds", " ratio").
		Spare("rounds", "instances", "without instances", "95 % interval")
	for _, m := range s.Memory {
		times := None
		switch {
		case m.Ratio != nil:
			times = RatioText(*m.Ratio)
		case m.Key() == firstClass(s):
			times = "1"
		}
		p := m.PerInstance
		t.Row(SourceName(m.Source), m.Key().String(), mebibytes(p.Value), slopeInterval(p), mebibytes(p.Intercept),
			fmt.Sprint(m.MostInstances), fmt.Sprint(p.Series), times)
	}
	return t.orNil()
}

var sourceNames = map[round.MemorySource]string{
	round.NodeMemory: "node", round.NodeGroupMemory: "node's cgroup", round.PodMemory: "pods' cgroups",
}

// SourceName says what memory was read of.
func SourceName(s round.MemorySource) string { return sourceNames[s] }

// firstClass is the one that the others are related to.
func firstClass(s *analysis.Summary) record.Key {
	for _, r := range s.Runs {
		for _, c := range r.Classes {
			return c.Key()
		}
	}
	return record.Key{}
}

func slopeInterval(p stat.Slope) string {
	if !p.Interval {
		return None
	}
	return mebibytes(p.Low) + " … " + mebibytes(p.High)
}

// mebibytes prints three digits.
func mebibytes(bytes stat.Real) string {
	v := float64(bytes) / (1 << 20)
	decimals := 2
	switch size := math.Abs(v); {
	case size >= 99.95:
		decimals = 0
	case size >= 9.995:
		decimals = 1
	case size < 0.005:
		return "0 MiB"
	}
	return fmt.Sprintf("%.*f MiB", decimals, v)
}

const memoryNote = "Memory per instance: the slope of memory over the number of instances, by least squares over one median for each number in each round, taken while all that there were were Ready. " +
	"The interval is that of a jackknife over rounds, or stretches of a round, since readings that follow each other err alike. " +
	"A node's memory has in it what stands outside of a pod's cgroup, such as its shim."
