package load

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// How many requests of each second are written down by themselves, so that the run file
// stays small. The intervals count all.
const (
	mostFailed  = 10
	mostSlowest = 5
)

// Sink takes what is known of a load; *record.Writer is one.
type Sink interface {
	Interval(record.Interval) error
	Sample(record.Sample) error
	Event(record.Event) error
}

// Tally counts what becomes of the requests of a load, second by second of when they were
// due, and writes a second down once all of its requests have ended. A goroutine of its own
// does that, so that no request waits for it.
type Tally struct {
	Target record.Target
	Sink   Sink
	// WasReady says whether an instance, by the name of its pod, was Ready at an instant.
	// Nil says that it is not known.
	WasReady func(pod string, at time.Duration) bool
	// Each, when set, is given every request that has ended, by several goroutines at a
	// time, and Told each interval once it is written down.
	Each func(*record.Sample)
	Told func(record.Interval)
	// Part, when set, is given the seconds in place of the sink, and then Settled the first
	// second of which there may be more to say.
	Part    func(Part) error
	Settled func(second int) error

	mu    sync.Mutex
	start time.Duration
	// latest is the second of the request that was due last: those before it get no more
	// requests.
	latest  int
	seconds map[int]*second
	// complete has something in it once there is a complete second, and written is closed
	// when nothing more is written because of it.
	complete chan struct{}
	written  chan struct{}
}

// begin begins a load at an instant. failed is told what keeps a second from being written.
func (t *Tally) begin(at time.Duration, failed func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start, t.latest, t.seconds = at, 0, map[int]*second{}
	t.complete, t.written = make(chan struct{}, 1), make(chan struct{})
	go t.keepWriting(failed)
}

// keepWriting writes seconds down as they become complete.
func (t *Tally) keepWriting(failed func(error)) {
	defer close(t.written)
	for range t.complete {
		seconds, settled := t.take(false)
		if err := t.write(seconds, settled); err != nil {
			failed(err)
			return
		}
	}
}

// finish writes down all seconds that are left, once all requests have ended.
func (t *Tally) finish() error {
	close(t.complete)
	<-t.written
	return t.write(t.take(true))
}

// at is the second in which a request was due; t.mu is held.
func (t *Tally) at(due time.Duration) *second {
	n := int((due - t.start) / time.Second)
	if t.seconds[n] == nil {
		t.seconds[n] = newSecond()
		t.seconds[n].number = n
	}
	return t.seconds[n]
}

// due takes in that a request was due, and how. The seconds before get no more requests.
func (t *Tally) due(due time.Duration, count func(*second)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.at(due)
	if count(s); s.number > t.latest {
		t.latest = s.number
		t.ring()
	}
}

func (t *Tally) dropped(due time.Duration) { t.due(due, func(s *second) { s.dropped++ }) }

func (t *Tally) sent(due time.Duration) { t.due(due, func(s *second) { s.sent++ }) }

// end takes in that a request has ended, and how. Its second may be complete with it.
func (t *Tally) end(due time.Duration, count func(*second)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.at(due)
	if count(s); t.isComplete(s) {
		t.ring()
	}
}

func (t *Tally) cutOff(due time.Duration) { t.end(due, func(s *second) { s.cut++ }) }

// ended takes in what became of a request.
func (t *Tally) ended(due time.Duration, s *record.Sample) error {
	latency := s.Done - due
	waited := s.Instance != nil && t.WasReady != nil && !t.WasReady(s.Instance.Pod, s.Sent)
	s.Discarded = true
	if t.Each != nil {
		t.Each(s)
	}
	err := t.failed(due, s)
	t.end(due, func(of *second) {
		of.lateness = max(of.lateness, s.Sent-due)
		if s.Failed() {
			of.failed[s.Outcome]++
		} else {
			of.answer(s, latency, waited)
		}
	})
	return err
}

// failed writes a request down that is one of the first of its second to fail. It does so
// before that second can be complete.
func (t *Tally) failed(due time.Duration, s *record.Sample) error {
	if !s.Failed() || !t.keeps(due) {
		return nil
	}
	s.Selected = record.SelectedFailed
	if err := t.Sink.Sample(*s); err != nil {
		return fmt.Errorf("record a request of %s: %w", t.Target.Service, err)
	}
	return nil
}

// keeps says whether a request that failed is to be written down.
func (t *Tally) keeps(due time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.at(due)
	s.seenFailing++
	return s.seenFailing <= mostFailed
}

// isComplete says that all requests of a second have ended; t.mu is held.
func (t *Tally) isComplete(s *second) bool { return s.number < t.latest && s.open() == 0 }

// ring has complete seconds written down; it does not wait. t.mu is held.
func (t *Tally) ring() {
	select {
	case t.complete <- struct{}{}:
	default: // they will be seen with those before
	}
}

// take takes out the seconds that are complete, or all, in their order. settled is the first
// second that may be written later.
func (t *Tally) take(all bool) (list []*second, settled int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	settled = t.latest
	for _, n := range slices.Sorted(maps.Keys(t.seconds)) {
		if s := t.seconds[n]; all || t.isComplete(s) {
			list = append(list, s)
			delete(t.seconds, n)
		} else {
			settled = min(settled, n)
		}
	}
	return list, settled
}

// write writes seconds down.
func (t *Tally) write(seconds []*second, settled int) error {
	for _, s := range seconds {
		if err := t.writeOne(s); err != nil {
			return fmt.Errorf("record second %d of %s: %w", s.number, t.Target.Service, err)
		}
	}
	if t.Settled != nil {
		return t.Settled(settled)
	}
	return nil
}

// writeOne writes a second down, or hands it over.
func (t *Tally) writeOne(s *second) error {
	p, err := s.part(t.WasReady)
	if err != nil {
		return err
	}
	if t.Part != nil {
		return t.Part(p)
	}
	if err := p.write(t.Sink, t.Target, t.start+time.Duration(s.number)*time.Second); err != nil {
		return err
	}
	if t.Told != nil {
		t.Told(p.Interval)
	}
	return nil
}
