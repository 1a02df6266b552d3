package gate

import (
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// round is one time that the services of a cell were fired together.
type round struct {
	run   int
	block int
	key   analysis.Key
}

// spawned counts the instances of each cell, in the round with the fewest: the
// distinct pod UIDs that answered a sample of the round, or that an event about
// the class first mentions between the round's first request and the class's
// next round.
func spawned(runs []*record.Run) map[analysis.Key]int {
	fewest := map[analysis.Key]int{}
	for i, r := range runs {
		for at, uids := range instances(i, r) {
			if n, seen := fewest[at.key]; !seen || len(uids) < n {
				fewest[at.key] = len(uids)
			}
		}
	}
	return fewest
}

func instances(run int, r *record.Run) map[round]map[string]bool {
	found := map[round]map[string]bool{}
	started := map[round]time.Duration{}
	for i := range r.Samples {
		s := &r.Samples[i]
		if s.Discarded {
			continue
		}
		at := round{run, s.Block, analysis.Key{RuntimeClass: s.RuntimeClass, Services: s.Services}}
		if found[at] == nil {
			found[at], started[at] = map[string]bool{}, math.MaxInt64
		}
		started[at] = min(started[at], s.Intended, s.Sent)
		if s.Instance != nil && s.Instance.UID != "" {
			found[at][s.Instance.UID] = true
		}
	}
	for uid, e := range firstMentions(r) {
		if at, ok := roundAt(started, e.RuntimeClass, e.At); ok {
			found[at][uid] = true
		}
	}
	return found
}

// firstMentions are the first events about each instance.
func firstMentions(r *record.Run) map[string]record.Event {
	first := map[string]record.Event{}
	for _, e := range r.Events {
		if known, seen := first[e.UID]; e.UID != "" && (!seen || e.At < known.At) {
			first[e.UID] = e
		}
	}
	return first
}

// roundAt is the class's last round that had started.
func roundAt(started map[round]time.Duration, class string, at time.Duration) (last round, ok bool) {
	var candidates []round
	for one, from := range started {
		if one.key.RuntimeClass == class && from <= at {
			candidates = append(candidates, one)
		}
	}
	if len(candidates) == 0 {
		return round{}, false
	}
	return slices.MaxFunc(candidates, func(a, b round) int { return int(started[a] - started[b]) }), true
}
