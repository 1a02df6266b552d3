package report

import (
	"fmt"
	"math"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// memoryTable says what one more instance takes; nil where no memory was read.
func memoryTable(s *analysis.Summary) *table {
	if len(s.Memory) == 0 {
		return nil
	}
	t := newTable("memory of", "runtimeClass", " per instance", " 95 % interval", " without instances", " instances", " rounds", " ratio")
	for _, m := range s.Memory {
		times := none
		switch {
		case m.Ratio != nil:
			times = RatioText(*m.Ratio)
		case m.RuntimeClass == firstClass(s):
			times = "1"
		}
		p := m.PerInstance
		t.row(sourceNames[m.Source], m.RuntimeClass, mebibytes(p.Value), slopeInterval(p), mebibytes(p.Intercept),
			fmt.Sprint(m.MostInstances), fmt.Sprint(p.Series), times)
	}
	return t
}

var sourceNames = map[analysis.MemorySource]string{
	analysis.NodeMemory: "node", analysis.NodeGroupMemory: "node's cgroup", analysis.PodMemory: "pods' cgroups",
}

// firstClass is the one that others are related to.
func firstClass(s *analysis.Summary) string {
	for _, r := range s.Runs {
		for _, c := range r.Classes {
			return c.Name
		}
	}
	return ""
}

func slopeInterval(p stat.Slope) string {
	if !p.Interval {
		return none
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
