package analysis

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Instances counts the instances of a cell by pod UID. A round is one time that
// the services were fired together.
type Instances struct {
	Rounds int `json:"rounds"`
	// Spawned and Ready are how many were created, and became Ready, in the round
	// with the fewest. A round lasts until the next one of its class.
	Spawned int `json:"spawned"`
	Ready   int `json:"ready"`
	// Peak is the most that there were at one moment of any round; zero where
	// nothing watched them.
	Peak int `json:"peak,omitempty"`
	// Complete is in how many rounds every service answered, and TimeToAll the
	// median time that took, from the first request to the last answer.
	Complete  int           `json:"complete"`
	TimeToAll time.Duration `json:"timeToAllNs,omitempty"`
}

// round is what was seen of one firing of a cell's services.
type round struct {
	key         Key
	from, done  time.Duration
	ok, samples int
	spawned     map[string]bool
	ready       map[string]bool
	peak        int
}

// rounds are those of one run, by class in the order of time. Samples of a
// single service are not a round worth counting.
func rounds(r *record.Run) map[string][]*round {
	type name struct {
		key   Key
		block int
	}
	byName := map[name]*round{}
	classes := map[string][]*round{}
	for i := range r.Samples {
		s := &r.Samples[i]
		if s.Discarded || s.Services <= 1 {
			continue
		}
		n := name{Key{s.RuntimeClass, s.Services}, s.Block}
		one := byName[n]
		if one == nil {
			one = &round{key: n.key, from: math.MaxInt64, spawned: map[string]bool{}, ready: map[string]bool{}}
			byName[n] = one
			classes[s.RuntimeClass] = append(classes[s.RuntimeClass], one)
		}
		one.add(s)
	}
	for _, list := range classes {
		slices.SortFunc(list, func(a, b *round) int { return cmp.Compare(a.from, b.from) })
	}
	return classes
}

func (o *round) add(s *record.Sample) {
	o.samples++
	o.from, o.done = min(o.from, s.Intended, s.Sent), max(o.done, s.Done)
	if !s.Failed() {
		o.ok++
	}
	if s.Instance != nil && s.Instance.UID != "" {
		o.spawned[s.Instance.UID] = true
		if !s.Failed() {
			o.ready[s.Instance.UID] = true // what answers was Ready, seen or not
		}
	}
}

// watchEvents gives the instance events of a class to its rounds.
func watchEvents(list []*round, class string, events []record.Event) {
	alive, at := map[string]bool{}, -1
	for _, e := range events {
		if e.RuntimeClass != class || e.UID == "" {
			continue
		}
		for at+1 < len(list) && list[at+1].from <= e.At {
			at++
			list[at].peak = len(alive)
		}
		switch e.Kind {
		case record.EventInstanceCreated:
			alive[e.UID] = true
		case record.EventInstanceGone:
			delete(alive, e.UID)
		}
		if at < 0 {
			continue
		}
		now := list[at]
		now.peak = max(now.peak, len(alive))
		switch e.Kind {
		case record.EventInstanceCreated:
			now.spawned[e.UID] = true
		case record.EventInstanceReady:
			now.ready[e.UID] = true
		}
	}
}

// instances adds what one run says of its instances to the cells.
func (c *collector) instances(r *record.Run) {
	byClass := rounds(r)
	if len(byClass) == 0 {
		return
	}
	events := slices.Clone(r.Events)
	slices.SortStableFunc(events, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
	for class, list := range byClass {
		watchEvents(list, class, events)
		for _, one := range list {
			b := c.cells[one.key]
			b.rounds = append(b.rounds, one)
		}
	}
}

// summariseRounds is nil where there are none.
func summariseRounds(list []*round) *Instances {
	if len(list) == 0 {
		return nil
	}
	in := &Instances{Rounds: len(list), Spawned: math.MaxInt, Ready: math.MaxInt}
	var times []time.Duration
	for _, one := range list {
		in.Spawned, in.Ready = min(in.Spawned, len(one.spawned)), min(in.Ready, len(one.ready))
		in.Peak = max(in.Peak, one.peak)
		if one.ok == one.samples && one.samples == one.key.Services {
			in.Complete++
			times = append(times, one.done-one.from)
		}
	}
	if len(times) > 0 {
		in.TimeToAll = stat.NewSet(times, nil).Quantile(0.5).Latency
	}
	return in
}
