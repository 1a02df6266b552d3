package round

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// round is services of one class that were fired together once, and what became of
// it. For the counts of instances it lasts until the next round of its class, and for
// everything else until the next round of any class.
type round struct {
	key       record.Key
	class     int32 // the place of its class
	block     int
	discarded bool
	// from is when the first request was due, until when the next round of any class
	// began, and done when the last request was answered or given up.
	from, until, done time.Duration
	answers           []answer
	missing           []missing
	services          map[int32]bool // that were fired at
	sent, wrote       span
	// stages are how far each instance came, peak is the most that there were at one
	// moment, and ready is when each was first seen to become Ready before until.
	stages map[uid]stage
	peak   int
	ready  map[uid]time.Duration
}

// name tells the rounds of one run apart.
type name struct {
	key   record.Key
	block int
}

// answer is when a request was answered, and by which instance. It is matched where
// it is known that this instance came into being for the request.
type answer struct {
	at      time.Duration
	uid     uid
	matched bool
}

// span is from the first to the last of some instants.
type span struct{ first, last time.Duration }

// add ignores an instant that was not reached.
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

func newRound(s *record.Sample, class int32) *round {
	return &round{
		key: s.Key(), class: class, block: s.Block, discarded: s.Discarded, from: math.MaxInt64, until: math.MaxInt64,
		services: map[int32]bool{}, stages: map[uid]stage{}, ready: map[uid]time.Duration{},
	}
}

// add takes one request of the round.
func (r *round) add(s *record.Sample, service int32) {
	r.from, r.done = min(r.from, s.Intended), max(r.done, s.Done)
	r.sent.add(s.Sent)
	r.wrote.add(s.Wrote)
	r.services[service] = true
	known := s.Instance != nil && s.Instance.UID != ""
	if known {
		r.reach(uidOf(s.Instance.UID), created)
	}
	if s.Failed() {
		r.missing = append(r.missing, missingOf(s, service))
		return
	}
	a := answer{at: s.FirstByte}
	if known {
		a.uid, a.matched = uidOf(s.Instance.UID), s.Cold != record.Warm
		r.reach(a.uid, ready) // what answers was Ready, whether or not a watch saw it
	}
	r.answers = append(r.answers, a)
}

// reach notes that an instance came to a stage.
func (r *round) reach(id uid, to stage) {
	if to >= created && to <= ready {
		r.stages[id] = max(r.stages[id], to)
	}
}

// reached is how many instances came to a stage.
func (r *round) reached(to stage) int {
	n := 0
	for _, came := range r.stages {
		if came >= to {
			n++
		}
	}
	return n
}

// inOrder sorts rounds by time and ends each with the next.
func inOrder(rounds []*round) {
	slices.SortFunc(rounds, func(a, b *round) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.key.RuntimeClass, b.key.RuntimeClass),
			cmp.Compare(a.key.Variant, b.key.Variant), cmp.Compare(a.key.Services, b.key.Services), cmp.Compare(a.block, b.block))
	})
	for i := 1; i < len(rounds); i++ {
		rounds[i-1].until = rounds[i].from
	}
}

// roundWatcher gives each event to the last round of its class that had begun.
type roundWatcher struct {
	next []*round         // that have not begun, in the order of time
	now  map[int32]*round // by the place of the class
}

func (w *roundWatcher) pass(at time.Duration, p population) {
	for len(w.next) > 0 && w.next[0].from <= at {
		r := w.next[0]
		w.next, w.now[r.class] = w.next[1:], r
		r.peak = p[r.class].alive() // of the round before, and still there
	}
}

func (w *roundWatcher) see(e event, p population) {
	r := w.now[e.class]
	if r == nil {
		return
	}
	r.peak = max(r.peak, p[e.class].alive())
	r.reach(e.instance, e.stage)
	if _, before := r.ready[e.instance]; !before && e.stage == ready && e.at < r.until {
		r.ready[e.instance] = e.at
	}
}
