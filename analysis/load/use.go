package load

import (
	"cmp"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Use is what a load took of processors and memory, as far as that was read. What was not
// is zero.
type Use struct {
	// InstanceCPU is the CPU time of the service's instances.
	InstanceCPU time.Duration `json:"instanceCpuNs,omitempty"`
	// NodeCPU is that of all nodes: with the ingress, with Knative and Kubernetes, and
	// where the client runs on a node, with the client.
	NodeCPU time.Duration `json:"nodeCpuNs,omitempty"`
	// CPUs is how many processors the nodes have. NodeShare is how much of them was used
	// during the load, and SettledShare in its second half, from 0 to 1. It takes two readings
	// of each node.
	CPUs         int       `json:"cpus,omitempty"`
	NodeShare    stat.Real `json:"nodeShare,omitempty"`
	SettledShare stat.Real `json:"settledShare,omitempty"`
	// InstanceMemory is the most that the service's instances had together, and NodeMemory
	// the most that was not available to programs on a node, in bytes.
	InstanceMemory int64 `json:"instanceMemoryBytes,omitempty"`
	NodeMemory     int64 `json:"nodeMemoryBytes,omitempty"`
}

// reading is one line about a node, or about all instances of a class.
type reading struct {
	at, cpu time.Duration
	memory  int64
	cpus    int
}

// readings are those of a run, by node and by class.
type readings struct{ nodes, classes map[string][]reading }

func newReadings() readings {
	return readings{map[string][]reading{}, map[string][]reading{}}
}

func (r *readings) add(u *record.Resource) {
	one := reading{u.At, u.CPU, u.MemoryBytes, u.CPUs}
	switch u.Scope {
	case record.ScopeNode:
		r.nodes[u.Node] = append(r.nodes[u.Node], one)
	case record.ScopeClass:
		r.classes[u.RuntimeClass] = append(r.classes[u.RuntimeClass], one)
	}
}

// use is that of a load on a service of a class.
func (r *readings) use(class string, begin, half, end time.Duration) Use {
	var u Use
	for _, list := range r.nodes {
		w := within(list, begin, end)
		u.NodeCPU += w.used()
		u.NodeMemory = max(u.NodeMemory, w.most())
		if len(w) > 0 {
			u.CPUs += w[0].cpus
		}
	}
	u.NodeShare, u.SettledShare = r.share(begin, end), r.share(half, end)
	w := within(r.classes[class], begin, end)
	if len(w) > 0 && w[0].at > begin { // no instance was there before
		w = append(window{{at: begin}}, w...)
	}
	u.InstanceCPU, u.InstanceMemory = w.used(), w.most()
	return u
}

// share is how much of the processors of all nodes was used in a stretch of time. It is zero
// where that is not known of every node.
func (r *readings) share(from, to time.Duration) stat.Real {
	used, cpus := 0.0, 0
	for _, list := range r.nodes {
		w := within(list, from, to)
		rate, known := w.rate()
		if !known {
			return 0
		}
		used += rate
		cpus += w[0].cpus
	}
	if cpus == 0 {
		return 0
	}
	return stat.Real(used / float64(cpus))
}

// window is readings in the order of time.
type window []reading

// within are the readings from the last one before a stretch of time to the first one
// after it.
func within(list []reading, from, to time.Duration) window {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	first, exact := slices.BinarySearchFunc(list, from, func(r reading, at time.Duration) int { return cmp.Compare(r.at, at) })
	if !exact && first > 0 {
		first--
	}
	last, _ := slices.BinarySearchFunc(list, to, func(r reading, at time.Duration) int { return cmp.Compare(r.at, at) })
	return list[first:max(first, min(last+1, len(list)))]
}

// used is the CPU time. A sum of which an instance went before it was read again may be
// less than the one before, in files of older versions.
func (w window) used() time.Duration {
	var sum time.Duration
	for i := 1; i < len(w); i++ {
		sum += max(0, w[i].cpu-w[i-1].cpu)
	}
	return sum
}

// rate is how many processors were used. It takes two readings to know.
func (w window) rate() (processors float64, known bool) {
	if len(w) < 2 || w[len(w)-1].at <= w[0].at {
		return 0, false
	}
	return float64(w.used()) / float64(w[len(w)-1].at-w[0].at), true
}

func (w window) most() int64 {
	var most int64
	for _, r := range w {
		most = max(most, r.memory)
	}
	return most
}
