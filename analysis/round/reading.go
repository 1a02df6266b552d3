package round

import (
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// reading is what is kept of a resource reading. Its class is empty where it is of a
// node.
type reading struct {
	// first is the earliest time at which the first part of it may have been read.
	first, at time.Duration
	node      string
	class     string
	instances int
	memory    int64
	// whole is the working set of the node's cgroup, zero where there is none.
	whole int64
	// cpu is the time that a node has used so far, over all of its CPUs.
	cpu  time.Duration
	cpus int
	// seldom says that the next reading is ten seconds away.
	seldom bool
}

func readingOf(u *record.Resource) reading {
	return reading{
		first: u.At - u.Span - u.Resolution, at: u.At, node: u.Node, class: u.RuntimeClass, instances: u.Instances,
		memory: u.MemoryBytes, whole: u.WorkingSetBytes, cpu: u.CPU, cpus: u.CPUs, seldom: u.Clock == record.ClockKubelet,
	}
}

// unsettledShare says how many instances that are about to become Ready do not
// matter: at most one of this many.
const unsettledShare = 50

// Readings belong to a round for this long before its first request: they are of no
// instance at all. Those from before that are left out, because memory may still be
// given back then.
const (
	baseline       = time.Second
	seldomBaseline = 12 * time.Second
)

// lead is for how long before a round readings like this one belong to it.
func (r *reading) lead() time.Duration {
	if r.seldom {
		return seldomBaseline
	}
	return baseline
}

// memoryWatcher assigns the readings of a run to rounds and to numbers of instances.
type memoryWatcher struct {
	readings []reading // that are still to come
	rounds   []*round  // that have not begun
	nodes    map[string]bool
	now      *memoryRound
	points   map[memoryKey][][]stat.XY
	// changed is when the number of instances on nodes, or of Ready ones, last changed,
	// and wentAt when an instance last went.
	changed, wentAt time.Duration
}

func newMemoryWatcher(readings []reading, rounds []*round) *memoryWatcher {
	w := &memoryWatcher{readings: readings, rounds: rounds, nodes: map[string]bool{}, now: newMemoryRound(nil),
		points: map[memoryKey][][]stat.XY{}, changed: -1, wentAt: -1}
	for _, r := range readings {
		if r.class == "" {
			w.nodes[r.node] = true
		}
	}
	return w
}

func (w *memoryWatcher) pass(at time.Duration, p population) {
	for len(w.readings) > 0 && w.readings[0].at < at {
		r := w.readings[0]
		w.readings = w.readings[1:]
		for len(w.rounds) > 0 && w.rounds[0].from-r.lead() <= r.at {
			w.now.finish(w.points)
			w.now, w.rounds = newMemoryRound(w.rounds[0]), w.rounds[1:]
		}
		w.take(r, p)
	}
}

func (w *memoryWatcher) see(e event, _ population) {
	switch e.stage {
	case gone:
		w.changed, w.wentAt = e.at, e.at
	case scheduled, ready:
		w.changed = e.at
	}
}

// take adds a reading to the round, if the number of instances that it is of is
// known.
func (w *memoryWatcher) take(r reading, p population) {
	one := w.now.round
	if one == nil || one.discarded || r.at >= one.until || w.wentAt >= one.from || w.changed > r.first {
		return
	}
	if n, ok := p.settled(one.class); ok {
		w.now.add(r, n)
	}
}

// settled is how many instances of a class have a node. It is not ok while some of
// them are about to become Ready, or while there are others.
func (p population) settled(class int32) (n int, ok bool) {
	c := &p[class]
	return c.placed, p.placed() == c.placed && (c.placed-c.ready)*unsettledShare <= c.placed
}

// finish returns the points of each round of the run.
//
// Where there are several nodes, it drops what nodes used: instances spread, and the
// number on each node is not the number that the slope is over.
func (w *memoryWatcher) finish() map[memoryKey][][]stat.XY {
	w.now.finish(w.points)
	if len(w.nodes) > 1 {
		maps.DeleteFunc(w.points, func(k memoryKey, _ [][]stat.XY) bool { return k.source != PodMemory })
	}
	return w.points
}

// memoryRound gathers the readings of one round by the number of instances.
type memoryRound struct {
	round *round
	bytes map[MemorySource]map[int][]float64
}

func newMemoryRound(r *round) *memoryRound {
	m := &memoryRound{round: r, bytes: map[MemorySource]map[int][]float64{}}
	for _, source := range memorySources {
		m.bytes[source] = map[int][]float64{}
	}
	return m
}

// add takes a reading of n instances.
func (m *memoryRound) add(r reading, n int) {
	switch {
	case r.class == "":
		m.bytes[NodeMemory][n] = append(m.bytes[NodeMemory][n], float64(r.memory))
		if r.whole > 0 {
			m.bytes[NodeGroupMemory][n] = append(m.bytes[NodeGroupMemory][n], float64(r.whole))
		}
	case r.class == m.round.key.RuntimeClass && r.instances == n:
		m.bytes[PodMemory][n] = append(m.bytes[PodMemory][n], float64(r.memory))
	}
}

// finish adds the round's points: the median at each number of instances, the
// smallest number first, which is the order of time as well. The cgroups of no pods
// hold nothing, so that point needs no reading.
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
			k := memoryKey{m.round.key.Class(), source}
			all[k] = append(all[k], points)
		}
	}
}
