package analysis

import (
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// MemorySource is what memory was read of.
type MemorySource string

// The sources of memory. What an instance costs a node is more than what its pod's
// cgroup holds: the shim, what the kernel and the kubelet keep of it, and a virtual
// machine monitor that stands outside.
const (
	NodeMemory      MemorySource = "node"       // the whole node: used, that is not available
	NodeGroupMemory MemorySource = "nodeCgroup" // the cgroup that holds the embedded node: without the rest of its machine
	PodMemory       MemorySource = "podCgroups" // the cgroups of the class's pods together
)

// memorySources are in the order of the tables.
var memorySources = []MemorySource{NodeMemory, NodeGroupMemory, PodMemory}

// Memory is how much memory one more instance of a class takes.
//
// It is the slope of memory over the number of instances, fitted to one value for
// each number of instances in each round: the median of the readings that were
// taken while the number grew, and while all instances that there were, but for
// 2 % at most, were Ready. An instance is there once a node has it: one that waits
// for the scheduler takes no memory. What is there and does not run yet takes
// little, and what goes has given back some, so readings in between would make the
// slope too small. Nothing of another class may be there.
type Memory struct {
	RuntimeClass string       `json:"runtimeClass"`
	Source       MemorySource `json:"source"`
	// PerInstance is in bytes.
	PerInstance stat.Slope `json:"perInstanceBytes"`
	// Ratio is the slope over that of the first class from the same source; nil
	// for that class itself and where it cannot be said.
	Ratio *stat.Ratio `json:"ratio,omitempty"`
	// MostInstances is the largest number of instances that was read.
	MostInstances int `json:"mostInstances"`
	// Rounds are the points of each round: instances, and bytes.
	Rounds [][]stat.XY `json:"-"`
}

// memoryKey names what a slope is fitted to.
type memoryKey struct {
	class  record.Key
	source MemorySource
}

// Unsettled instances are neglected where they are at most one of this many.
const unsettledShare = 50

// baseline is how long before the first request of a round readings belong to it:
// those of no instance at all. Before, memory may still be given back.
const (
	baseline       = time.Second
	seldomBaseline = 12 * time.Second
)

// population is how many instances there are on nodes while a run is replayed.
type population struct {
	alive map[record.Key]map[uid]bool // by class
	ready map[record.Key]map[uid]bool
	all   int
	// changed is when the numbers last changed, gone when an instance last went.
	changed, gone time.Duration
}

func newPopulation() *population {
	return &population{alive: map[record.Key]map[uid]bool{}, ready: map[record.Key]map[uid]bool{}, changed: -1, gone: -1}
}

func (p *population) see(e classEvent) {
	if p.alive[e.class] == nil {
		p.alive[e.class], p.ready[e.class] = map[uid]bool{}, map[uid]bool{}
	}
	alive, ready := p.alive[e.class], p.ready[e.class]
	p.all -= len(alive)
	switch e.kind {
	case record.EventInstanceScheduled:
		alive[e.uid] = true
	case record.EventInstanceReady:
		alive[e.uid], ready[e.uid] = true, true
	case record.EventInstanceGone:
		delete(alive, e.uid)
		delete(ready, e.uid)
		p.gone = e.at
	}
	p.all += len(alive)
	p.changed = e.at
}

// settled is how many instances of the class there are; ok is false while some of
// them are about to come, or there are others.
func (p *population) settled(class record.Key) (n int, ok bool) {
	n = len(p.alive[class])
	return n, p.all == n && (n-len(p.ready[class]))*unsettledShare <= n
}

// memory collects the points of each round of the run.
func (h *history) memory() map[memoryKey][][]stat.XY {
	all, p := map[memoryKey][][]stat.XY{}, newPopulation()
	events, firings, round := h.events, h.firings, newMemoryRound(nil)
	for _, r := range h.readings {
		for len(events) > 0 && events[0].at <= r.at {
			p.see(events[0])
			events = events[1:]
		}
		for len(firings) > 0 && firings[0].from-r.lead() <= r.at {
			round.finish(all)
			round = newMemoryRound(firings[0])
			firings = firings[1:]
		}
		round.add(r, p)
	}
	round.finish(all)
	return h.ofOneNode(all)
}

// ofOneNode drops what nodes used where there are several: instances spread, and
// the number on each is not what the slope is over.
func (h *history) ofOneNode(all map[memoryKey][][]stat.XY) map[memoryKey][][]stat.XY {
	nodes := map[string]bool{}
	for _, r := range h.readings {
		if r.class == "" {
			nodes[r.node] = true
		}
	}
	if len(nodes) > 1 {
		maps.DeleteFunc(all, func(k memoryKey, _ [][]stat.XY) bool { return k.source != PodMemory })
	}
	return all
}

func (r *reading) lead() time.Duration {
	if r.seldom {
		return seldomBaseline
	}
	return baseline
}

// memoryRound gathers the readings of one round by the number of instances.
type memoryRound struct {
	firing *firing
	bytes  map[MemorySource]map[int][]float64
}

func newMemoryRound(f *firing) *memoryRound {
	m := &memoryRound{firing: f, bytes: map[MemorySource]map[int][]float64{}}
	for _, source := range memorySources {
		m.bytes[source] = map[int][]float64{}
	}
	return m
}

func (m *memoryRound) add(r reading, p *population) {
	f := m.firing
	if f == nil || f.discarded || r.at >= f.until || p.gone >= f.from || p.changed > r.first {
		return
	}
	n, settled := p.settled(f.key.Class())
	switch {
	case !settled:
	case r.class == "":
		m.bytes[NodeMemory][n] = append(m.bytes[NodeMemory][n], float64(r.memory))
		if r.whole > 0 {
			m.bytes[NodeGroupMemory][n] = append(m.bytes[NodeGroupMemory][n], float64(r.whole))
		}
	case r.class == f.key.RuntimeClass && r.instances == n:
		m.bytes[PodMemory][n] = append(m.bytes[PodMemory][n], float64(r.memory))
	}
}

// finish hands on the median at each number of instances, in the order of these,
// which is that of time as well. The cgroups of no pods hold nothing.
func (m *memoryRound) finish(all map[memoryKey][][]stat.XY) {
	for _, source := range memorySources {
		bytes := m.bytes[source]
		if source == PodMemory && len(bytes) > 0 {
			bytes[0] = []float64{0}
		}
		var points []stat.XY
		for _, n := range slices.Sorted(maps.Keys(bytes)) {
			points = append(points, stat.XY{X: float64(n), Y: stat.Median(bytes[n])})
		}
		if len(points) > 0 {
			k := memoryKey{m.firing.key.Class(), source}
			all[k] = append(all[k], points)
		}
	}
}

// memoryOf fits the slopes, in the order of the sources and then of the classes.
func memoryOf(points map[memoryKey][][]stat.XY, classes []record.Key) []Memory {
	var list []Memory
	for _, source := range memorySources {
		var first *stat.Slope
		for i, class := range classes {
			rounds := points[memoryKey{class, source}]
			slope := stat.SlopeOf(rounds)
			if slope == nil || len(rounds) == 1 && most(rounds) < 2 {
				continue // one instance once: what else a node does weighs more
			}
			m := Memory{RuntimeClass: class.String(), Source: source, PerInstance: *slope, Rounds: rounds, MostInstances: most(rounds)}
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

func most(rounds [][]stat.XY) int {
	n := 0.0
	for _, points := range rounds {
		for _, p := range points {
			n = max(n, p.X)
		}
	}
	return int(n)
}
