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
// due, and writes a second down once all of its requests have ended.
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

	mu    sync.Mutex
	start time.Duration
	// latest is the second of the request that was due last: those before it get no more
	// requests.
	latest  int
	seconds map[int]*second
}

// begin begins a load at an instant.
func (t *Tally) begin(at time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start, t.latest, t.seconds = at, 0, map[int]*second{}
}

// at is the second in which a request was due; t.mu is held.
func (t *Tally) at(due time.Duration) *second {
	n := int((due - t.start) / time.Second)
	if t.seconds[n] == nil {
		t.seconds[n] = newSecond()
	}
	return t.seconds[n]
}

// due takes in that a request was due, and how. It closes the seconds before.
func (t *Tally) due(due time.Duration, count func(*second)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	count(t.at(due))
	if n := int((due - t.start) / time.Second); n > t.latest {
		t.latest = n
		return t.close(false)
	}
	return nil
}

func (t *Tally) dropped(due time.Duration) error {
	return t.due(due, func(s *second) { s.dropped++ })
}

func (t *Tally) sent(due time.Duration) error {
	return t.due(due, func(s *second) { s.sent++ })
}

// end takes in that a request has ended, and how. Its second may be complete with it.
func (t *Tally) end(due time.Duration, count func(*second)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.at(due)
	count(s)
	if s.open() == 0 && int((due-t.start)/time.Second) < t.latest {
		return t.close(false)
	}
	return nil
}

func (t *Tally) cutOff(due time.Duration) error {
	return t.end(due, func(s *second) { s.cut++ })
}

// ended takes in what became of a request.
func (t *Tally) ended(due time.Duration, s *record.Sample) error {
	latency := s.Done - due
	waited := s.Instance != nil && t.WasReady != nil && !t.WasReady(s.Instance.Pod, s.Sent)
	s.Discarded = true
	if t.Each != nil {
		t.Each(s)
	}
	var written error
	err := t.end(due, func(of *second) {
		of.lateness = max(of.lateness, s.Sent-due)
		if !s.Failed() {
			of.answer(s, latency, waited)
		} else if of.fail(s) {
			s.Selected = record.SelectedFailed
			written = t.Sink.Sample(*s)
		}
	})
	if written != nil {
		return fmt.Errorf("record a request of %s: %w", t.Target.Service, written)
	}
	return err
}

// finish writes down all seconds that are left.
func (t *Tally) finish() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.close(true)
}

// close writes down the seconds that are complete, or all; t.mu is held.
func (t *Tally) close(all bool) error {
	for _, n := range slices.Sorted(maps.Keys(t.seconds)) {
		if s := t.seconds[n]; all || n < t.latest && s.open() == 0 {
			delete(t.seconds, n)
			if err := t.write(n, s); err != nil {
				return fmt.Errorf("record second %d of %s: %w", n, t.Target.Service, err)
			}
		}
	}
	return nil
}

// write writes a second down: its slowest requests, how many failures were left out, and
// its interval.
func (t *Tally) write(n int, s *second) error {
	for _, sample := range s.slowest {
		sample.Selected = record.SelectedSlowest
		if err := t.Sink.Sample(sample); err != nil {
			return err
		}
	}
	at := t.start + time.Duration(n)*time.Second
	if left := s.failures() - mostFailed; left > 0 {
		err := t.Sink.Event(record.Event{
			At: at, Kind: record.EventSamplesLeftOut, RuntimeClass: t.Target.RuntimeClass, Variant: t.Target.Variant, Service: t.Target.Service, Value: float64(left),
			Message: fmt.Sprintf("of %d requests that failed within second %d the first %d are written down; the interval counts all", s.failures(), n, mostFailed),
		})
		if err != nil {
			return err
		}
	}
	i, err := s.interval(n)
	if err != nil {
		return err
	}
	i.RuntimeClass, i.Variant, i.Service, i.At = t.Target.RuntimeClass, t.Target.Variant, t.Target.Service, at
	if err := t.Sink.Interval(i); err != nil {
		return err
	}
	if t.Told != nil {
		t.Told(i)
	}
	return nil
}
