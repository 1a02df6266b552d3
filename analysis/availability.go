package analysis

import (
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Availability holds what Kubernetes calls Ready against what answers: of each
// instance, and of all that were fired together. Ready is when the watch told of
// it, to the millisecond; answering is the first byte of a right answer.
type Availability struct {
	Rounds []RoundAvailability `json:"rounds"`
	// FirstReady to AllAnswered are medians over the rounds that came so far.
	Milestones
	// AllReadyRounds and AllAnsweredRounds are how many rounds came to have all Ready, and all answering.
	AllReadyRounds    int `json:"allReadyRounds"`
	AllAnsweredRounds int `json:"allAnsweredRounds"`
	// Gap is that of all instances.
	Gap *Gap `json:"gap,omitempty"`
	Mismatches
	// Of all rounds, in the order of size: how long after the first request was due
	// instances became Ready and services answered, and what the gaps are made of.
	ReadyAfter    []time.Duration `json:"-"`
	AnsweredAfter []time.Duration `json:"-"`
	Gaps          []time.Duration `json:"-"`
}

// RoundAvailability is that of one round.
type RoundAvailability struct {
	Block int `json:"block"`
	Milestones
	Gap *Gap `json:"gap,omitempty"`
	Mismatches

	readyAfter, answeredAfter, gaps []time.Duration
}

// Milestones are times since the first request of the round was due; nil for what
// did not come about. All means as many as there are services.
type Milestones struct {
	FirstReady    *time.Duration `json:"firstReadyNs,omitempty"`
	AllReady      *time.Duration `json:"allReadyNs,omitempty"`
	FirstAnswered *time.Duration `json:"firstAnsweredNs,omitempty"`
	AllAnswered   *time.Duration `json:"allAnsweredNs,omitempty"`
}

// Gap is how long after it became Ready an instance answered: negative where it
// answered before.
type Gap struct {
	Instances int           `json:"instances"`
	Min       time.Duration `json:"minNs"`
	Median    time.Duration `json:"medianNs"`
	Max       time.Duration `json:"maxNs"`
}

// Mismatches count what has no gap.
type Mismatches struct {
	// NeverAnswered became Ready and gave no right answer; NeverReady answered
	// and were not seen to become Ready.
	NeverAnswered int `json:"neverAnswered"`
	NeverReady    int `json:"neverReady"`
	// Unmatched are answers of an instance that is not known, or was there before.
	Unmatched int `json:"unmatched"`
}

// availability adds each firing, in the order of time, to that of its cell.
func (h *history) availability(of func(record.Key) *Availability) {
	for _, one := range h.firings {
		if !one.discarded {
			of(one.key).add(one.availability(h.events))
		}
	}
}

// availability joins the answers of a round to the instances that became Ready.
func (f *firing) availability(events []classEvent) RoundAvailability {
	ready := map[uid]time.Duration{}
	for _, e := range events {
		_, before := ready[e.uid]
		if !before && e.kind == record.EventInstanceReady && e.class == f.key.Class() && e.at >= f.from && e.at < f.until {
			ready[e.uid] = e.at
		}
	}
	r := RoundAvailability{Block: f.block}
	for _, at := range ready {
		r.readyAfter = append(r.readyAfter, at-f.from)
	}
	for _, a := range f.answers {
		r.answeredAfter = append(r.answeredAfter, a.at-f.from)
	}
	r.FirstReady, r.AllReady = firstAndAll(r.readyAfter, f.key.Services)
	r.FirstAnswered, r.AllAnswered = firstAndAll(r.answeredAfter, f.key.Services)
	r.join(f.answers, ready)
	r.Gap = gapOf(r.gaps)
	return r
}

func firstAndAll(times []time.Duration, services int) (first, all *time.Duration) {
	slices.Sort(times)
	if len(times) > 0 {
		first = &times[0]
	}
	if services >= 1 && len(times) >= services {
		all = &times[services-1]
	}
	return first, all
}

func (r *RoundAvailability) join(answers []answer, ready map[uid]time.Duration) {
	answered := map[uid]bool{}
	for _, a := range answers {
		at, wasReady := ready[a.uid]
		switch {
		case !a.matched || answered[a.uid]:
			r.Unmatched++
			continue
		case wasReady:
			r.gaps = append(r.gaps, a.at-at)
		default:
			r.NeverReady++
		}
		answered[a.uid] = true
	}
	for id := range ready {
		if !answered[id] {
			r.NeverAnswered++
		}
	}
}

// gapOf is nil where there is nothing.
func gapOf(gaps []time.Duration) *Gap {
	if len(gaps) == 0 {
		return nil
	}
	s := stat.NewSet(slices.Clone(gaps), nil)
	return &Gap{Instances: s.N(), Min: s.Min().Latency, Median: s.Quantile(0.5).Latency, Max: s.Max().Latency}
}

func (a *Availability) add(r RoundAvailability) {
	a.Rounds = append(a.Rounds, r)
	a.ReadyAfter = append(a.ReadyAfter, r.readyAfter...)
	a.AnsweredAfter = append(a.AnsweredAfter, r.answeredAfter...)
	a.Gaps = append(a.Gaps, r.gaps...)
	if r.AllReady != nil {
		a.AllReadyRounds++
	}
	if r.AllAnswered != nil {
		a.AllAnsweredRounds++
	}
	a.NeverAnswered += r.NeverAnswered
	a.NeverReady += r.NeverReady
	a.Unmatched += r.Unmatched
}

// summarise fills in what is of all rounds; nil remains nil.
func (a *Availability) summarise() *Availability {
	if a == nil {
		return nil
	}
	for _, times := range [][]time.Duration{a.ReadyAfter, a.AnsweredAfter, a.Gaps} {
		slices.Sort(times)
	}
	a.Gap = gapOf(a.Gaps)
	a.FirstReady = a.median(func(m Milestones) *time.Duration { return m.FirstReady })
	a.AllReady = a.median(func(m Milestones) *time.Duration { return m.AllReady })
	a.FirstAnswered = a.median(func(m Milestones) *time.Duration { return m.FirstAnswered })
	a.AllAnswered = a.median(func(m Milestones) *time.Duration { return m.AllAnswered })
	return a
}

func (a *Availability) median(of func(Milestones) *time.Duration) *time.Duration {
	var times []time.Duration
	for _, r := range a.Rounds {
		if at := of(r.Milestones); at != nil {
			times = append(times, *at)
		}
	}
	if len(times) == 0 {
		return nil
	}
	median := stat.NewSet(times, nil).Quantile(0.5).Latency
	return &median
}
