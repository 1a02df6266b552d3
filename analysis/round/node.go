package round

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// NodeUse is what a node used from the first request of a round to the last end.
type NodeUse struct {
	Node string `json:"node"`
	// CPUShare is the share of all CPUs together. It is nil where it was not read.
	CPUShare *float64 `json:"cpuShare,omitempty"`
	CPUs     int      `json:"cpus"`
	// Saturated says that the node had no CPU left.
	Saturated bool `json:"saturated"`
	// MemoryMost is the most that was not available to programs. MemoryTotal is what
	// there is, and zero where that is not known.
	MemoryMost  int64 `json:"memoryMostBytes"`
	MemoryTotal int64 `json:"memoryTotalBytes,omitempty"`
}

// saturatedShare is where a node counts as having no CPU left.
const saturatedShare = 0.95

// nodesOf takes the readings of nodes in a round. It needs two of a node to say what
// share of the CPU was used.
func (r *run) nodesOf(of *round) []NodeUse {
	first, last, use := map[string]reading{}, map[string]reading{}, map[string]*NodeUse{}
	for _, one := range r.readings {
		if one.class != "" || one.at < of.from || one.at > of.done {
			continue
		}
		if use[one.node] == nil {
			use[one.node], first[one.node] = &NodeUse{Node: one.node, CPUs: one.cpus}, one
			if r.nodes <= 1 {
				use[one.node].MemoryTotal = r.memory
			}
		}
		last[one.node] = one
		use[one.node].MemoryMost = max(use[one.node].MemoryMost, one.memory)
	}
	var list []NodeUse
	for _, name := range slices.Sorted(maps.Keys(use)) {
		use[name].setCPU(first[name], last[name])
		list = append(list, *use[name])
	}
	slices.SortStableFunc(list, func(a, b NodeUse) int { return cmp.Compare(b.share(), a.share()) })
	return list
}

func (u *NodeUse) setCPU(first, last reading) {
	if all := (last.at - first.at) * time.Duration(u.CPUs); all > 0 {
		share := float64(last.cpu-first.cpu) / float64(all)
		u.CPUShare, u.Saturated = &share, share >= saturatedShare
	}
}

// share sorts nodes whose use was not read behind the others.
func (u NodeUse) share() float64 {
	if u.CPUShare == nil {
		return -1
	}
	return *u.CPUShare
}
