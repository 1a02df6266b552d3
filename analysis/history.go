package analysis

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// history is what happened in one run, in the order of time: its firings, the
// instances that came and went, and what these used.
type history struct {
	firings  []*firing
	events   []classEvent
	readings []reading
}

// historyBuilder gathers the history of the run that is being read.
type historyBuilder struct {
	scale    bool
	firings  map[roundName]*firing
	readings []reading
}

// classEvent is an event with the class that it is of.
type classEvent struct {
	class string
	instanceEvent
}

// firing is one time that services of a class were fired together. It lasts until
// the next of any class. A single service counts, too, in a run of the scale
// experiment; elsewhere single services overlap.
type firing struct {
	key         Key
	block       int
	discarded   bool
	from, until time.Duration
	done        time.Duration // when the last request was answered or given up
	answers     []answer
	missing     []missing
	services    map[string]bool // that were fired at
}

// answer is when a request was answered, and by which instance if that is known to
// have come into being for it.
type answer struct {
	at      time.Duration
	uid     uid
	matched bool
}

// reading is what is kept of a resource reading. class is empty for a node's.
type reading struct {
	// first is when the first part of it may have been read at the earliest.
	first, at time.Duration
	node      string
	class     string
	instances int
	memory    int64
	// whole is the working set of the node's cgroup, zero where there is none.
	whole int64
	// cpu is the time used so far, of as many CPUs; of a node.
	cpu  time.Duration
	cpus int
	// seldom says that the next reading is ten seconds away.
	seldom bool
}

func newHistoryBuilder() *historyBuilder {
	return &historyBuilder{firings: map[roundName]*firing{}}
}

func (h *historyBuilder) addHeader(header *record.Header) { h.scale = header.Command == "scale" }

func (h *historyBuilder) addSample(s *record.Sample) {
	if s.Services <= 1 && !h.scale {
		return
	}
	name := roundName{KeyOf(s), s.Block}
	one := h.firings[name]
	if one == nil {
		one = &firing{key: name.key, block: s.Block, discarded: s.Discarded, from: math.MaxInt64, until: math.MaxInt64, services: map[string]bool{}}
		h.firings[name] = one
	}
	one.from, one.done = min(one.from, s.Intended), max(one.done, s.Done)
	one.services[s.Service] = true
	if s.Failed() {
		one.missing = append(one.missing, missingOf(s))
		return
	}
	a := answer{at: s.FirstByte}
	if s.Instance != nil && s.Instance.UID != "" && s.Cold != record.Warm {
		a.uid, a.matched = uidOf(s.Instance.UID), true
	}
	one.answers = append(one.answers, a)
}

func (h *historyBuilder) addResource(r *record.Resource) {
	if r.Scope == record.ScopeNode || r.Scope == record.ScopeClass {
		h.readings = append(h.readings, reading{
			first: r.At - r.Span - r.Resolution, at: r.At, node: r.Node, class: r.RuntimeClass, instances: r.Instances,
			memory: r.MemoryBytes, whole: r.WorkingSetBytes, cpu: r.CPU, cpus: r.CPUs, seldom: r.Clock == record.ClockKubelet,
		})
	}
}

// finish puts all in order, given the events of each class. A firing ends with the
// next.
func (h *historyBuilder) finish(events map[string][]instanceEvent) *history {
	all := &history{firings: slices.Collect(maps.Values(h.firings)), readings: h.readings}
	slices.SortFunc(all.firings, func(a, b *firing) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.key.RuntimeClass, b.key.RuntimeClass))
	})
	for i := 1; i < len(all.firings); i++ {
		all.firings[i-1].until = all.firings[i].from
	}
	for _, class := range slices.Sorted(maps.Keys(events)) {
		for _, e := range events[class] {
			if e.kind != record.EventInstanceCreated && e.kind != record.EventInstanceRunning {
				all.events = append(all.events, classEvent{class, e})
			}
		}
	}
	slices.SortStableFunc(all.events, func(a, b classEvent) int { return cmp.Compare(a.at, b.at) })
	slices.SortStableFunc(all.readings, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	return all
}
