package analysis

import (
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
	kind record.Kind
	uid  uid
}

// stageEvents are the kinds of event that tell how far an instance came.
var stageEvents = []record.Kind{
	record.EventInstanceCreated, record.EventInstanceScheduled, record.EventInstanceRunning, record.EventInstanceReady,
}

// replay gives each event of a class to the last of its firings that had begun.
func replay(events []instanceEvent, firings []*firing) {
	alive, at := map[uid]bool{}, -1
	for _, e := range events {
		for at+1 < len(firings) && firings[at+1].from <= e.at {
			at++
			firings[at].peak = len(alive)
		}
		switch e.kind {
		case record.EventInstanceCreated:
			alive[e.uid] = true
		case record.EventInstanceGone:
			delete(alive, e.uid)
		}
		if at >= 0 {
			firings[at].peak = max(firings[at].peak, len(alive))
			firings[at].reached(e.uid, e.kind)
		}
	}
}

// reached marks that an instance came to a stage, and so to those before, told of
// or not.
func (f *firing) reached(id uid, stage record.Kind) {
	for _, kind := range stageEvents[:slices.Index(stageEvents, stage)+1] {
		if f.came[kind] == nil {
			f.came[kind] = map[uid]bool{}
		}
		f.came[kind][id] = true
	}
}

func (f *firing) count(kind record.Kind) int { return len(f.came[kind]) }

// instancesOf is nil where there are no rounds.
func instancesOf(rounds []*firing) *Instances {
	if len(rounds) == 0 {
		return nil
	}
	in := &Instances{Rounds: len(rounds), Spawned: math.MaxInt, Scheduled: math.MaxInt, Running: math.MaxInt, Ready: math.MaxInt}
	var times []time.Duration
	for _, one := range rounds {
		in.Requested += one.key.Services
		in.Spawned = min(in.Spawned, one.count(record.EventInstanceCreated))
		in.Scheduled = min(in.Scheduled, one.count(record.EventInstanceScheduled))
		in.Running = min(in.Running, one.count(record.EventInstanceRunning))
		in.Ready = min(in.Ready, one.count(record.EventInstanceReady))
		in.Peak = max(in.Peak, one.peak)
		in.Skew, in.WireSkew = max(in.Skew, one.sent.length()), max(in.WireSkew, one.wrote.length())
		if len(one.answers) == one.key.Services && len(one.missing) == 0 {
			in.Complete++
			times = append(times, one.done-one.from)
		}
	}
	if len(times) > 0 {
		in.TimeToAll = stat.NewSet(times, nil).Quantile(0.5).Latency
	}
	return in
}
