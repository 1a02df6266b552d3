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
	differences []time.Duration
}

// RoundAvailability is that of one round.
type RoundAvailability struct {
	Block int `json:"block"`
	Milestones
	Gap *Gap `json:"gap,omitempty"`
	Mismatches
	differences []time.Duration
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
func (h *history) availability(of func(Key) *Availability) {
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
		if !before && e.kind == record.EventInstanceReady && e.class == f.key.RuntimeClass && e.at >= f.from && e.at < f.until {
			ready[e.uid] = e.at
		}
	}
	r := RoundAvailability{Block: f.block}
	var readyAt, answeredAt []time.Duration
	for _, at := range ready {
		readyAt = append(readyAt, at-f.from)
	}
	for _, a := range f.answers {
		answeredAt = append(answeredAt, a.at-f.from)
	}
	r.FirstReady, r.AllReady = firstAndAll(readyAt, f.key.Services)
	r.FirstAnswered, r.AllAnswered = firstAndAll(answeredAt, f.key.Services)
	r.join(f.answers, ready)
	r.Gap = gapOf(r.differences)
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
			r.differences = append(r.differences, a.at-at)
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
func gapOf(differences []time.Duration) *Gap {
	if len(differences) == 0 {
		return nil
	}
	s := stat.NewSet(slices.Clone(differences), nil)
	return &Gap{Instances: s.N(), Min: s.Min().Latency, Median: s.Quantile(0.5).Latency, Max: s.Max().Latency}
}

func (a *Availability) add(r RoundAvailability) {
	a.Rounds = append(a.Rounds, r)
	a.differences = append(a.differences, r.differences...)
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
	a.Gap = gapOf(a.differences)
	a.FirstReady = a.median(func(m Milestones) *time.Duration { return m.FirstReady })
	a.AllReady = a.median(func(m Milestones) *time.Duration { return m.AllReady })
	a.FirstAnswered = a.median(func(m Milestones) *time.Duration { return m.FirstAnswered })
	a.AllAnswered = a.median(func(m Milestones) *time.Duration { return m.AllAnswered })
	return a
}

// Differences are how long after it became Ready each instance answered, in the
// order of their size.
func (a *Availability) Differences() []time.Duration {
	return slices.Sorted(slices.Values(a.differences))
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
