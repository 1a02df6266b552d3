package round

import (
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// MemorySource is what a reading of memory is of.
type MemorySource string

// The sources of memory. An instance costs a node more than what the cgroup of its
// pod holds: its shim, what the kernel and the kubelet keep for it, and a virtual
// machine monitor that runs outside of the cgroup.
const (
	NodeMemory      MemorySource = "node"       // what of the node is not available
	NodeGroupMemory MemorySource = "nodeCgroup" // the cgroup that holds a whole embedded node, without the rest of its host
	PodMemory       MemorySource = "podCgroups" // the cgroups of the class's pods together
)

// memorySources are in the order of the tables.
var memorySources = []MemorySource{NodeMemory, NodeGroupMemory, PodMemory}

// Memory is how much memory one more instance of a class takes.
//
// It is the slope of memory over the number of instances. It is fitted to one value
// for each number of instances in each round: the median of the readings that were
// taken while the number grew and all instances but for 2 % at most were Ready. An
// instance counts once it has a node, as one that waits for the scheduler takes no
// memory. An instance that has just been started takes little yet, and one that is
// going has given back some already, so readings in between would make the slope too
// small. Readings that were taken while instances of another class existed are left
// out.
type Memory struct {
	RuntimeClass string       `json:"runtimeClass"`
	Variant      string       `json:"variant,omitempty"`
	Source       MemorySource `json:"source"`
	// PerInstance is in bytes.
	PerInstance stat.Slope `json:"perInstanceBytes"`
	// Ratio is the slope over that of the first class from the same source. It is nil
	// for that class itself and where it is not known.
	Ratio *stat.Ratio `json:"ratio,omitempty"`
	// MostInstances is the largest number of instances that was read.
	MostInstances int `json:"mostInstances"`
	// Rounds are the points of each round: instances, and bytes.
	Rounds [][]stat.XY `json:"-"`
}

// Key is the key of the class as a whole.
func (m *Memory) Key() record.Key {
	return record.Key{RuntimeClass: m.RuntimeClass, Variant: m.Variant}
}

// memoryKey says what a slope is fitted to.
type memoryKey struct {
	class  record.Key
	source MemorySource
}

// Memory fits the slopes, in the order of the sources and then of the classes.
func (c *Collector) Memory(classes []record.Key) []Memory {
	var list []Memory
	for _, source := range memorySources {
		var first *stat.Slope
		for i, class := range classes {
			rounds := c.memory[memoryKey{class, source}]
			slope := stat.SlopeOf(rounds)
			if slope == nil || len(rounds) == 1 && most(rounds) < 2 {
				continue // one instance, started once, is less than what else a node does
			}
			m := Memory{RuntimeClass: class.RuntimeClass, Variant: class.Variant, Source: source, PerInstance: *slope, Rounds: rounds, MostInstances: most(rounds)}
			switch {
			case i == 0:
				first = slope
			case first != nil:
				m.Ratio = slope.Over(first)
			}
			list = append(list, m)
		}
	}
	return list
}

// most is the largest number of instances.
func most(rounds [][]stat.XY) int {
	n := 0.0
	for _, points := range rounds {
		for _, p := range points {
			n = max(n, p.X)
		}
	}
	return int(n)
}
