package round

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// toldTrouble is what was said against a pod of a service.
type toldTrouble struct {
	at time.Duration
	record.Trouble
}

// troubleCount is which services have a pod that a cause holds back, and what was
// said of the first.
type troubleCount struct {
	services map[int32]bool
	example  string
}

// troublesOf counts for each cause the services that it was named for during the
// round. Services that were answered count too: what holds some of them back makes
// the others slower.
func (r *run) troublesOf(of *round) []PodTrouble {
	counts := map[record.Cause]*troubleCount{}
	add := func(service int32, t record.Trouble) {
		for _, cause := range t.Causes {
			if counts[cause] == nil {
				counts[cause] = &troubleCount{map[int32]bool{}, t.Message}
			}
			counts[cause].services[service] = true
		}
	}
	for _, m := range of.missing {
		if m.trouble != nil {
			add(m.service, *m.trouble)
		}
	}
	byName := func(a, b int32) int { return cmp.Compare(r.services.list[a], r.services.list[b]) }
	for _, service := range slices.SortedFunc(maps.Keys(r.troubles), byName) {
		for _, t := range r.troubles[service] {
			if t.at >= of.from && t.at <= of.done && of.services[service] {
				add(service, t.Trouble)
			}
		}
	}
	var list []PodTrouble
	for cause, c := range counts {
		list = append(list, PodTrouble{Cause: cause.String(), Count: len(c.services), Example: c.example})
	}
	slices.SortFunc(list, func(a, b PodTrouble) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Cause, b.Cause))
	})
	return list
}

// nodeCondition names a condition of a node.
type nodeCondition struct{ node, condition string }

// conditionsOf are what was said of the conditions that a node had at some time of
// the round. They may have begun before it.
func (r *run) conditionsOf(of *round) []string {
	held := map[nodeCondition]string{}
	for _, e := range r.conditions {
		if e.At > of.done {
			break
		}
		name := nodeCondition{e.Node, e.Condition}
		switch {
		case e.Value != 0:
			held[name] = e.Message
		case e.At < of.from:
			delete(held, name)
		}
	}
	return slices.Sorted(maps.Values(held))
}
