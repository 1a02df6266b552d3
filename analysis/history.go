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
	rounds   bool // elsewhere instances are very many, and only what is needed of them is kept
	firings  map[firingName]*firing
	events   map[record.Key][]instanceEvent // by class
	readings []reading
}

// firingName tells the firings of one run apart.
type firingName struct {
	key   record.Key
	block int
}

// classEvent is an event with the class that it is of.
type classEvent struct {
	class record.Key
	instanceEvent
}

// firing is one time that services of a class were fired together. It lasts until
// the next of any class. A single service counts, too, in a run of the scale
// experiment; elsewhere single services overlap.
type firing struct {
	key         record.Key
	block       int
	discarded   bool
	from, until time.Duration
	done        time.Duration // when the last request was answered or given up
	answers     []answer
	missing     []missing
	services    map[string]bool // that were fired at
	sent, wrote span
	// came are the instances that came to a stage, by its kind of event; peak is the
	// most that there were at one moment.
	came map[record.Kind]map[uid]bool
	peak int
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
	return &historyBuilder{firings: map[firingName]*firing{}, events: map[record.Key][]instanceEvent{}}
}

func (h *historyBuilder) addHeader(header *record.Header) { h.rounds = header.Shape.Rounds }

func (h *historyBuilder) addSample(s *record.Sample) {
	if s.Services <= 1 && !h.rounds {
		return
	}
	name := firingName{s.Key(), s.Block}
	one := h.firings[name]
	if one == nil {
		one = &firing{key: name.key, block: s.Block, discarded: s.Discarded, from: math.MaxInt64, until: math.MaxInt64,
			services: map[string]bool{}, came: map[record.Kind]map[uid]bool{}}
		h.firings[name] = one
	}
	one.add(s)
}

func (f *firing) add(s *record.Sample) {
	f.from, f.done = min(f.from, s.Intended), max(f.done, s.Done)
	f.sent.add(s.Sent)
	f.wrote.add(s.Wrote)
	f.services[s.Service] = true
	known := s.Instance != nil && s.Instance.UID != ""
	if known {
		f.reached(uidOf(s.Instance.UID), record.EventInstanceCreated)
	}
	if s.Failed() {
		f.missing = append(f.missing, missingOf(s))
		return
	}
	a := answer{at: s.FirstByte}
	if known {
		a.uid, a.matched = uidOf(s.Instance.UID), s.Cold != record.Warm
		f.reached(a.uid, record.EventInstanceReady) // what answers was Ready, seen or not
	}
	f.answers = append(f.answers, a)
}

func (h *historyBuilder) addEvent(e *record.Event) {
	switch e.Kind {
	case record.EventInstanceScheduled, record.EventInstanceRunning:
		if !h.rounds {
			return
		}
	case record.EventInstanceCreated, record.EventInstanceReady, record.EventInstanceGone:
	default:
		return
	}
	if e.UID != "" {
		h.events[e.Key()] = append(h.events[e.Key()], instanceEvent{e.At, e.Kind, uidOf(e.UID)})
	}
}

func (h *historyBuilder) addResource(r *record.Resource) {
	if r.Scope == record.ScopeNode || r.Scope == record.ScopeClass {
		h.readings = append(h.readings, reading{
			first: r.At - r.Span - r.Resolution, at: r.At, node: r.Node, class: r.RuntimeClass, instances: r.Instances,
			memory: r.MemoryBytes, whole: r.WorkingSetBytes, cpu: r.CPU, cpus: r.CPUs, seldom: r.Clock == record.ClockKubelet,
		})
	}
}

// finish puts all in order. A firing ends with the next.
func (h *historyBuilder) finish() *history {
	all := &history{firings: slices.Collect(maps.Values(h.firings)), readings: h.readings}
	slices.SortFunc(all.firings, func(a, b *firing) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.key.RuntimeClass, b.key.RuntimeClass))
	})
	for i := 1; i < len(all.firings); i++ {
		all.firings[i-1].until = all.firings[i].from
	}
	for _, class := range slices.SortedFunc(maps.Keys(h.events), compareKeys) {
		events := h.events[class]
		slices.SortStableFunc(events, func(a, b instanceEvent) int { return cmp.Compare(a.at, b.at) })
		replay(events, all.of(class))
		for _, e := range events {
			if e.kind != record.EventInstanceCreated && e.kind != record.EventInstanceRunning {
				all.events = append(all.events, classEvent{class, e})
			}
		}
	}
	slices.SortStableFunc(all.events, func(a, b classEvent) int { return cmp.Compare(a.at, b.at) })
	slices.SortStableFunc(all.readings, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	return all
}

// of are the firings of a class.
func (h *history) of(class record.Key) []*firing {
	var list []*firing
	for _, f := range h.firings {
		if f.key.Class() == class {
			list = append(list, f)
		}
	}
	return list
}

// rounds are the firings that count as rounds: measured ones of several services.
func (h *history) rounds() []*firing {
	return slices.DeleteFunc(slices.Clone(h.firings), func(f *firing) bool { return f.discarded || f.key.Services <= 1 })
}

// compareKeys orders keys by class, then variant, then number of services.
func compareKeys(a, b record.Key) int {
	return cmp.Or(cmp.Compare(a.RuntimeClass, b.RuntimeClass), cmp.Compare(a.Variant, b.Variant), cmp.Compare(a.Services, b.Services))
}
