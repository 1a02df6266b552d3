package round

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Shortfall is a round in which not every service was answered, with what was seen
// of the reasons. It has counts and no guesses. Several reasons may hold at once.
type Shortfall struct {
	Block    int `json:"block"`
	Services int `json:"services"`
	Answered int `json:"answered"`
	// NoSample counts services that were left out because they were not at zero pods
	// when the round began, and those whose requests were abandoned when the run was
	// interrupted.
	NoSample int `json:"noSample"`
	// Requests are those that were not answered, by how they ended. Stages are the same
	// requests by how far the instance of their service had come by then.
	Requests []Tally `json:"requests"`
	Stages   []Tally `json:"stages,omitempty"`
	// Troubles are what Kubernetes said against pods, by cause. They count services.
	Troubles []PodTrouble `json:"troubles,omitempty"`
	// Conditions are those of nodes that spoke against starting more instances.
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
// holds back, and what Kubernetes says of one of them.
type PodTrouble struct {
	Cause   string `json:"cause"`
	Count   int    `json:"count"`
	Example string `json:"example"`
}

// missing is a request that was not answered.
type missing struct {
	service int32
	at      time.Duration
	how     string // it ended
	trouble *record.Trouble
	// stage is how far the furthest instance of the service had come. None says that no
	// instance was seen at all.
	stage stage
	none  bool
}

func missingOf(s *record.Sample, service int32) missing {
	return missing{service: service, at: s.Done, how: ending(s), trouble: s.Trouble, none: true}
}

// ending says how a request that was not answered ended.
func ending(s *record.Sample) string {
	switch s.Outcome {
	case record.Timeout:
		return "client timeout"
	case record.HTTP:
		return fmt.Sprintf("HTTP %d", s.Status)
	case record.Refused:
		return "connection refused"
	case record.Reset:
		return "connection reset"
	case record.Body:
		return "another body than the function's"
	case record.WrongInstance:
		return "answered by another service's instance"
	case record.Error:
		return "other error"
	}
	return string(s.Outcome)
}

// stageText says how far an instance had come when its request ended.
var stageText = map[stage]string{
	gone:      "instance gone",
	created:   "created, not scheduled",
	scheduled: "scheduled, not running",
	running:   "running, not Ready",
	ready:     "Ready, not answered",
}

func (m *missing) stageText() string {
	if m.none {
		return "no instance created"
	}
	return stageText[m.stage]
}

// stageWatcher notes how far the instances of a service had come when its request
// ended without an answer.
type stageWatcher struct {
	next []*round // that have not begun, in the order of time
	ends []*missing
	// came are the stages of the instances of each service that there was an event about
	// since its round began.
	came map[int32]map[uid]stage
}

func newStageWatcher(rounds []*round) *stageWatcher {
	w := &stageWatcher{next: rounds, came: map[int32]map[uid]stage{}}
	for _, r := range rounds {
		for i := range r.missing {
			w.ends = append(w.ends, &r.missing[i])
		}
	}
	slices.SortStableFunc(w.ends, func(a, b *missing) int { return cmp.Compare(a.at, b.at) })
	return w
}

func (w *stageWatcher) pass(at time.Duration, _ population) {
	for len(w.next) > 0 && w.next[0].from <= at {
		w.endBefore(w.next[0].from)
		for service := range w.next[0].services {
			delete(w.came, service)
		}
		w.next = w.next[1:]
	}
	w.endBefore(at)
}

func (w *stageWatcher) see(e event, _ population) {
	if e.service == nobody {
		return
	}
	stages := w.came[e.service]
	if stages == nil {
		stages = map[uid]stage{}
		w.came[e.service] = stages
	}
	if e.stage == gone {
		delete(stages, e.instance)
	} else {
		stages[e.instance] = max(stages[e.instance], e.stage)
	}
}

// endBefore notes the stages of the requests that ended before at.
func (w *stageWatcher) endBefore(at time.Duration) {
	for len(w.ends) > 0 && w.ends[0].at < at {
		m := w.ends[0]
		w.ends = w.ends[1:]
		stages, seen := w.came[m.service]
		m.none = !seen
		for _, one := range stages {
			m.stage = max(m.stage, one)
		}
	}
}

// shortfall says what was seen of a round in which not every service was answered.
func (r *run) shortfall(of *round) Shortfall {
	s := Shortfall{Block: of.block, Services: of.key.Services, Answered: len(of.answers),
		NoSample: max(of.key.Services-len(of.answers)-len(of.missing), 0)}
	requests, stages := map[string]int{}, map[string]int{}
	for i := range of.missing {
		requests[of.missing[i].how]++
		stages[of.missing[i].stageText()]++
	}
	s.Requests = tallies(requests)
	if r.watched {
		s.Stages = tallies(stages)
	}
	s.Troubles, s.Conditions, s.Nodes = r.troublesOf(of), r.conditionsOf(of), r.nodesOf(of)
	return s
}

// tallies puts the largest first.
func tallies(counts map[string]int) []Tally {
	list := []Tally{}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, Tally{what, counts[what]})
	}
	slices.SortStableFunc(list, func(a, b Tally) int { return cmp.Compare(b.Count, a.Count) })
	return list
}
