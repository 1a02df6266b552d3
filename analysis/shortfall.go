package analysis

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Shortfall is a round in which not every service was answered, and what was seen
// of the reasons: counts, not guesses. Several may hold at once.
type Shortfall struct {
	Block    int `json:"block"`
	Services int `json:"services"`
	Answered int `json:"answered"`
	// NoSample are services that were not at zero pods when the round began and were
	// left out, and those whose requests were abandoned when the run was interrupted.
	NoSample int `json:"noSample"`
	// Requests are those that were not answered, by how they ended; Stages the
	// same by how far the instance of their service had come by then.
	Requests []Tally `json:"requests"`
	Stages   []Tally `json:"stages,omitempty"`
	// Troubles are what Kubernetes said against pods, by cause; they count services.
	Troubles []PodTrouble `json:"troubles,omitempty"`
	// Conditions are those of nodes that spoke against starting more.
	Conditions []string `json:"conditions,omitempty"`
	// Nodes are what the nodes used, the busiest first.
	Nodes []NodeUse `json:"nodes,omitempty"`
}

// Tally is how many there are of something.
type Tally struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// PodTrouble is a cause that Kubernetes names, how many services have a pod that it
// stands against, and what it says of one of them.
type PodTrouble struct {
	Cause   string `json:"cause"`
	Count   int    `json:"count"`
	Example string `json:"example"`
}

// NodeUse is what a node used from the first request of a round to the last end.
type NodeUse struct {
	Node string `json:"node"`
	// CPUShare is of all CPUs together, nil where it was not read.
	CPUShare  *float64 `json:"cpuShare,omitempty"`
	CPUs      int      `json:"cpus"`
	Saturated bool     `json:"saturated"`
	// MemoryMost is the most that was not available to programs, MemoryTotal what
	// there is, zero where that is not known.
	MemoryMost  int64 `json:"memoryMostBytes"`
	MemoryTotal int64 `json:"memoryTotalBytes,omitempty"`
}

// saturatedShare is where a node counts as having no CPU left.
const saturatedShare = 0.95

// missing is a request that was not answered.
type missing struct {
	service string
	at      time.Duration
	how     string          // it ended
	trouble *record.Trouble // what was said of its pod, if anything
}

func missingOf(s *record.Sample) missing {
	m := missing{service: s.Service, at: s.Done, how: string(s.Outcome), trouble: s.Trouble}
	switch s.Outcome {
	case record.Timeout:
		m.how = "client timeout"
	case record.HTTP:
		m.how = fmt.Sprintf("HTTP %d", s.Status)
	case record.Refused:
		m.how = "connection refused"
	case record.Reset:
		m.how = "connection reset"
	case record.Body:
		m.how = "another body than the function's"
	case record.WrongInstance:
		m.how = "answered by another service's instance"
	case record.Error:
		m.how = "other error"
	}
	return m
}

// shortfallBuilder gathers what a run says of instances by their service, and of
// nodes.
type shortfallBuilder struct {
	rounds     bool                       // elsewhere there are no rounds, and very many instances
	stages     map[string][]instanceEvent // by service
	troubles   map[string][]toldTrouble   // by service
	conditions []record.Event
	nodes      int
	memory     int64
}

// toldTrouble is what was said against a pod of a service.
type toldTrouble struct {
	at time.Duration
	record.Trouble
}

func newShortfallBuilder() *shortfallBuilder {
	return &shortfallBuilder{stages: map[string][]instanceEvent{}, troubles: map[string][]toldTrouble{}}
}

func (b *shortfallBuilder) addHeader(h *record.Header) {
	b.rounds = h.Shape.Rounds
	b.nodes, b.memory = h.Cluster.Nodes, h.Cluster.MemoryBytes
}

func (b *shortfallBuilder) addEvent(e *record.Event) {
	switch {
	case !b.rounds:
	case e.Kind == record.EventNodeCondition:
		b.conditions = append(b.conditions, *e)
	case e.Service == "":
	case e.Kind == record.EventInstanceTrouble:
		b.troubles[e.Service] = append(b.troubles[e.Service], toldTrouble{e.At, record.Trouble{Causes: e.Causes, Message: e.Message}})
	case slices.Contains(stageEvents, e.Kind) || e.Kind == record.EventInstanceGone:
		b.stages[e.Service] = append(b.stages[e.Service], instanceEvent{e.At, e.Kind, uidOf(e.UID)})
	}
}

// shortfalls are those of the rounds that fell short, by cell, in the order of
// time.
func (b *shortfallBuilder) shortfalls(h *history) map[record.Key][]Shortfall {
	all := map[record.Key][]Shortfall{}
	for _, f := range h.firings {
		if !f.discarded && len(f.answers) < f.key.Services {
			all[f.key] = append(all[f.key], b.of(f, h.readings))
		}
	}
	return all
}

func (b *shortfallBuilder) of(f *firing, readings []reading) Shortfall {
	s := Shortfall{Block: f.block, Services: f.key.Services, Answered: len(f.answers),
		NoSample: max(f.key.Services-len(f.answers)-len(f.missing), 0)}
	requests, stages := map[string]int{}, map[string]int{}
	for _, m := range f.missing {
		requests[m.how]++
		stages[b.stage(m, f.from)]++
	}
	s.Requests, s.Stages = tallies(requests), tallies(stages)
	if len(b.stages) == 0 {
		s.Stages = nil // nobody watched
	}
	s.Troubles = b.troublesOf(f)
	s.Conditions = b.conditionsOf(f)
	s.Nodes = b.nodesOf(f, readings)
	return s
}

// tallies are the largest first.
func tallies(counts map[string]int) []Tally {
	list := []Tally{}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, Tally{what, counts[what]})
	}
	slices.SortStableFunc(list, func(a, b Tally) int { return cmp.Compare(b.Count, a.Count) })
	return list
}

// How far the instance of a service had come when its request ended.
const (
	stageNone      = "no instance created"
	stageGone      = "instance gone"
	stageCreated   = "created, not scheduled"
	stageScheduled = "scheduled, not running"
	stageRunning   = "running, not Ready"
	stageReady     = "Ready, not answered"
)

var stageNames = map[record.Kind]string{
	record.EventInstanceCreated: stageCreated, record.EventInstanceScheduled: stageScheduled,
	record.EventInstanceRunning: stageRunning, record.EventInstanceReady: stageReady,
}

// stage is that of the instance which had come furthest, of those that were left.
func (b *shortfallBuilder) stage(m missing, from time.Duration) string {
	alive, came := map[uid]int{}, false
	for _, e := range b.stages[m.service] {
		if e.at < from || e.at > m.at {
			continue
		}
		came = true
		if e.kind == record.EventInstanceGone {
			delete(alive, e.uid)
		} else {
			alive[e.uid] = max(alive[e.uid], slices.Index(stageEvents, e.kind))
		}
	}
	switch {
	case !came:
		return stageNone
	case len(alive) == 0:
		return stageGone
	}
	return stageNames[stageEvents[slices.Max(slices.Collect(maps.Values(alive)))]]
}

// troublesOf counts for each cause the services that it was named of during the
// round, answered or not: what stands in the way of some slows the others.
func (b *shortfallBuilder) troublesOf(f *firing) []PodTrouble {
	services, example := map[string]map[string]bool{}, map[string]string{}
	add := func(service string, t record.Trouble) {
		for _, c := range t.Causes {
			cause := c.String()
			if services[cause] == nil {
				services[cause], example[cause] = map[string]bool{}, t.Message
			}
			services[cause][service] = true
		}
	}
	for _, m := range f.missing {
		if m.trouble != nil {
			add(m.service, *m.trouble)
		}
	}
	for _, service := range slices.Sorted(maps.Keys(b.troubles)) {
		for _, t := range b.troubles[service] {
			if t.at >= f.from && t.at <= f.done && f.services[service] {
				add(service, t.Trouble)
			}
		}
	}
	var list []PodTrouble
	for _, cause := range slices.Sorted(maps.Keys(services)) {
		list = append(list, PodTrouble{Cause: cause, Count: len(services[cause]), Example: example[cause]})
	}
	slices.SortStableFunc(list, func(a, b PodTrouble) int { return cmp.Compare(b.Count, a.Count) })
	return list
}

// conditionsOf are the conditions that a node had in the round, begun before or
// not.
func (b *shortfallBuilder) conditionsOf(f *firing) []string {
	lasting := map[nodeCondition]string{}
	for _, e := range b.conditions {
		if e.At > f.done {
			break
		}
		name := nodeCondition{e.Node, e.Condition}
		switch {
		case e.Value != 0:
			lasting[name] = e.Message
		case e.At < f.from:
			delete(lasting, name)
		}
	}
	return slices.Sorted(maps.Values(lasting))
}

// nodesOf needs two readings of a node to say what share of the CPU it used.
func (b *shortfallBuilder) nodesOf(f *firing, readings []reading) []NodeUse {
	first, last, use := map[string]reading{}, map[string]reading{}, map[string]*NodeUse{}
	for _, r := range readings {
		if r.class != "" || r.at < f.from || r.at > f.done {
			continue
		}
		if use[r.node] == nil {
			use[r.node], first[r.node] = &NodeUse{Node: r.node, CPUs: r.cpus}, r
			if b.nodes <= 1 {
				use[r.node].MemoryTotal = b.memory
			}
		}
		last[r.node] = r
		use[r.node].MemoryMost = max(use[r.node].MemoryMost, r.memory)
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

func (u NodeUse) share() float64 {
	if u.CPUShare == nil {
		return -1
	}
	return *u.CPUShare
}

// nodeCondition names a condition of a node.
type nodeCondition struct{ node, condition string }
