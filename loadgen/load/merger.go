package load

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Merger makes the intervals of a load whose requests have several senders. A second is
// written down once no sender has more to say of it. What the senders say is on the run's
// clock. Its methods may be called by several goroutines at a time.
type Merger struct {
	Target record.Target
	Sink   Sink
	// Told, when set, is given each interval once it is written down.
	Told func(record.Interval)

	mu    sync.Mutex
	begin time.Duration
	parts map[int][]Part
	// settled has for each sender the first second of which it may say more.
	settled []int
	failed  map[int]int
}

// NewMerger is a merger of so many senders.
func NewMerger(senders int) *Merger {
	return &Merger{settled: make([]int, senders), parts: map[int][]Part{}, failed: map[int]int{}}
}

// BeginAt takes when the load begins. It comes before all else.
func (m *Merger) BeginAt(at time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begin = at
}

// Part takes what a sender says of a second.
func (m *Merger) Part(p Part) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts[p.Interval.Second] = append(m.parts[p.Interval.Second], p)
}

// Failed takes a request that failed. It is written down at once if it is one of the first
// of its second.
func (m *Merger) Failed(s record.Sample) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := int((s.Intended - m.begin) / time.Second)
	if m.failed[n]++; m.failed[n] > mostFailed {
		return nil
	}
	return m.Sink.Sample(s)
}

// Settled takes that a sender will say nothing more of the seconds before one.
func (m *Merger) Settled(sender, second int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled[sender] = max(m.settled[sender], second)
	return m.write(slices.Min(m.settled))
}

// Gone takes that a sender will say nothing more at all.
func (m *Merger) Gone(sender int) error { return m.Settled(sender, math.MaxInt) }

// write writes down the seconds before one; m.mu is held.
func (m *Merger) write(before int) error {
	for _, n := range slices.Sorted(maps.Keys(m.parts)) {
		if n >= before {
			return nil
		}
		if err := m.writeOne(n); err != nil {
			return fmt.Errorf("record second %d of %s: %w", n, m.Target.Service, err)
		}
	}
	return nil
}

func (m *Merger) writeOne(n int) error {
	p, err := Merge(m.parts[n])
	if err != nil {
		return err
	}
	delete(m.parts, n)
	delete(m.failed, n)
	if err := p.write(m.Sink, m.Target, m.begin+time.Duration(n)*time.Second); err != nil {
		return err
	}
	if m.Told != nil {
		m.Told(p.Interval)
	}
	return nil
}
