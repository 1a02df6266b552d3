package analysis

import (
	"cmp"
	"hash/fnv"
	"io"
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
	// Requested is how many services there were to answer, over all rounds. Those
	// that were not at zero when a round began were not fired at: there are fewer
	// samples.
	Requested int `json:"requested"`
	// Spawned to Ready are how many were created, were given a node, had all their
	// containers started, and became Ready, in the round with the fewest. A round
	// lasts until the next one of its class.
	Spawned   int `json:"spawned"`
	Scheduled int `json:"scheduled"`
	Running   int `json:"running"`
	Ready     int `json:"ready"`
	// Peak is the most that there were at one moment of any round; zero where
	// nothing watched them.
	Peak int `json:"peak,omitempty"`
	// Complete is in how many rounds every service answered, and TimeToAll the
	// median time that took, from the first request to the last answer.
	Complete  int           `json:"complete"`
	TimeToAll time.Duration `json:"timeToAllNs,omitempty"`
	// Skew is the time between the first and the last request being sent, and
	// WireSkew between their being written to the connection, in the round with the
	// largest. An arrival over time is part of it.
	Skew     time.Duration `json:"skewNs"`
	WireSkew time.Duration `json:"wireSkewNs,omitempty"`
}

// uid stands for a pod's UID or a trace's ID; there may be millions.
type uid uint64

func uidOf(s string) uid {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s) // a hash takes everything
	return uid(h.Sum64())
}

// round is what was seen of one firing of a cell's services.
type round struct {
	key         Key
	from, done  time.Duration
	ok, samples int
	sent, wrote span
	// came are the instances that came to a stage, by its kind of event.
	came map[string]map[uid]bool
	peak int
}

// span is from the first to the last of some instants.
type span struct{ first, last time.Duration }

// add neglects an instant that was not reached.
func (s *span) add(at time.Duration) {
	if at == 0 {
		return
	}
	if s.first == 0 {
		s.first = at
	}
	s.first, s.last = min(s.first, at), max(s.last, at)
}

func (s span) length() time.Duration { return s.last - s.first }

// instanceEvent is what is kept of an event about an instance.
type instanceEvent struct {
	at   time.Duration
	kind string
	uid  uid
}

// roundName tells the rounds of one run apart.
type roundName struct {
	key   Key
	block int
}

// roundBuilder gathers the rounds of one run. Samples of a single service are no
// round worth counting.
type roundBuilder struct {
	scale  bool // elsewhere instances are very many, and only what is needed of them is kept
	rounds map[roundName]*round
	events map[string][]instanceEvent // by class
}

func newRoundBuilder() *roundBuilder {
	return &roundBuilder{rounds: map[roundName]*round{}, events: map[string][]instanceEvent{}}
}

func (b *roundBuilder) addHeader(h *record.Header) { b.scale = h.Command == "scale" }

func (b *roundBuilder) addSample(s *record.Sample) {
	if s.Discarded || s.Services <= 1 {
		return
	}
	name := roundName{KeyOf(s), s.Block}
	one := b.rounds[name]
	if one == nil {
		one = newRound(name.key)
		b.rounds[name] = one
	}
	one.add(s)
}

func newRound(k Key) *round {
	o := &round{key: k, from: math.MaxInt64, came: map[string]map[uid]bool{}}
	for _, kind := range stageEvents {
		o.came[kind] = map[uid]bool{}
	}
	return o
}

// stageEvents are the kinds of event that tell how far an instance came.
var stageEvents = []string{
	record.EventInstanceCreated, record.EventInstanceScheduled, record.EventInstanceRunning, record.EventInstanceReady,
}

func (b *roundBuilder) addEvent(e *record.Event) {
	switch e.Kind {
	case record.EventInstanceScheduled, record.EventInstanceRunning:
		if !b.scale {
			return
		}
	case record.EventInstanceCreated, record.EventInstanceReady, record.EventInstanceGone:
	default:
		return
	}
	if e.UID != "" {
		b.events[e.RuntimeClass] = append(b.events[e.RuntimeClass], instanceEvent{e.At, e.Kind, uidOf(e.UID)})
	}
}

func (o *round) add(s *record.Sample) {
	o.samples++
	o.from, o.done = min(o.from, s.Intended, s.Sent), max(o.done, s.Done)
	o.sent.add(s.Sent)
	o.wrote.add(s.Wrote)
	if !s.Failed() {
		o.ok++
	}
	if s.Instance != nil && s.Instance.UID != "" {
		id := uidOf(s.Instance.UID)
		o.reached(id, record.EventInstanceCreated)
		if !s.Failed() {
			o.reached(id, record.EventInstanceReady) // what answers was Ready, seen or not
		}
	}
}

// finish gives the events to the rounds, and returns these by class in the order
// of time.
func (b *roundBuilder) finish() map[string][]*round {
	classes := map[string][]*round{}
	for _, one := range b.rounds {
		classes[one.key.RuntimeClass] = append(classes[one.key.RuntimeClass], one)
	}
	for class, list := range classes {
		slices.SortFunc(list, func(x, y *round) int { return cmp.Compare(x.from, y.from) })
		events := b.events[class]
		slices.SortStableFunc(events, func(x, y instanceEvent) int { return cmp.Compare(x.at, y.at) })
		replay(events, list)
	}
	return classes
}

// replay gives each event to the last round that had begun.
func replay(events []instanceEvent, list []*round) {
	alive, at := map[uid]bool{}, -1
	for _, e := range events {
		for at+1 < len(list) && list[at+1].from <= e.at {
			at++
			list[at].peak = len(alive)
		}
		switch e.kind {
		case record.EventInstanceCreated:
			alive[e.uid] = true
		case record.EventInstanceGone:
			delete(alive, e.uid)
		}
		if at >= 0 {
			list[at].see(e, len(alive))
		}
	}
}

func (o *round) see(e instanceEvent, alive int) {
	o.peak = max(o.peak, alive)
	o.reached(e.uid, e.kind)
}

// reached marks that an instance came to a stage, and so to those before, told of
// or not.
func (o *round) reached(id uid, stage string) {
	for _, kind := range stageEvents[:slices.Index(stageEvents, stage)+1] {
		o.came[kind][id] = true
	}
}

func (o *round) count(kind string) int { return len(o.came[kind]) }

// summariseRounds is nil where there are none.
func summariseRounds(list []*round) *Instances {
	if len(list) == 0 {
		return nil
	}
	in := &Instances{Rounds: len(list), Spawned: math.MaxInt, Scheduled: math.MaxInt, Running: math.MaxInt, Ready: math.MaxInt}
	var times []time.Duration
	for _, one := range list {
		in.Requested += one.key.Services
		in.Spawned = min(in.Spawned, one.count(record.EventInstanceCreated))
		in.Scheduled = min(in.Scheduled, one.count(record.EventInstanceScheduled))
		in.Running = min(in.Running, one.count(record.EventInstanceRunning))
		in.Ready = min(in.Ready, one.count(record.EventInstanceReady))
		in.Peak = max(in.Peak, one.peak)
		in.Skew, in.WireSkew = max(in.Skew, one.sent.length()), max(in.WireSkew, one.wrote.length())
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
