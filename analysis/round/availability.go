package round

import (
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Availability compares when Kubernetes called instances Ready with when they
// answered, for each instance and for all services that were fired together. An
// instance is Ready when the watch said so, to the millisecond. It answers with the
// first byte of a right answer.
type Availability struct {
	Rounds []RoundAvailability `json:"rounds"`
	// FirstReady to AllAnswered are medians over the rounds in which each came about.
	Milestones
	// AllReadyRounds and AllAnsweredRounds are in how many rounds all instances became
	// Ready, and all services answered.
	AllReadyRounds    int `json:"allReadyRounds"`
	AllAnsweredRounds int `json:"allAnsweredRounds"`
	// Gap is over the instances of all rounds.
	Gap *Gap `json:"gap,omitempty"`
	Mismatches
	// ReadyAfter and AnsweredAfter are how long after the first request of their round
	// was due instances became Ready and services answered, and Gaps is what Gap is
	// made of: of all rounds together, the smallest first.
	ReadyAfter    []time.Duration `json:"-"`
	AnsweredAfter []time.Duration `json:"-"`
	Gaps          []time.Duration `json:"-"`
}

// RoundAvailability is the availability of one round.
type RoundAvailability struct {
	Block int `json:"block"`
	Milestones
	Gap *Gap `json:"gap,omitempty"`
	Mismatches

	readyAfter, answeredAfter, gaps []time.Duration
}

// Milestones are times since the first request of a round was due. They are nil for
// what did not come about. All means as many as there are services.
type Milestones struct {
	FirstReady    *time.Duration `json:"firstReadyNs,omitempty"`
	AllReady      *time.Duration `json:"allReadyNs,omitempty"`
	FirstAnswered *time.Duration `json:"firstAnsweredNs,omitempty"`
	AllAnswered   *time.Duration `json:"allAnsweredNs,omitempty"`
}

// Gap is how long after it became Ready an instance answered. It is negative where
// the instance answered before that.
type Gap struct {
	Instances int           `json:"instances"`
	Min       time.Duration `json:"minNs"`
	Median    time.Duration `json:"medianNs"`
	Max       time.Duration `json:"maxNs"`
}

// Mismatches count what has no gap.
type Mismatches struct {
	// NeverAnswered counts instances that became Ready and gave no right answer, and
	// NeverReady those that answered and were not seen to become Ready.
	NeverAnswered int `json:"neverAnswered"`
	NeverReady    int `json:"neverReady"`
	// Unmatched counts answers of an instance that is not known, or that existed before
	// the request.
	Unmatched int `json:"unmatched"`
}

// availability joins the answers of a round to the instances that became Ready.
func (r *round) availability() RoundAvailability {
	a := RoundAvailability{Block: r.block}
	for _, at := range r.ready {
		a.readyAfter = append(a.readyAfter, at-r.from)
	}
	for _, one := range r.answers {
		a.answeredAfter = append(a.answeredAfter, one.at-r.from)
	}
	a.FirstReady, a.AllReady = firstAndAll(a.readyAfter, r.key.Services)
	a.FirstAnswered, a.AllAnswered = firstAndAll(a.answeredAfter, r.key.Services)
	a.join(r.answers, r.ready)
	a.Gap = gapOf(a.gaps)
	return a
}

// firstAndAll are the time of the first, and the time at which there were as many as
// there are services; each is nil if it did not come about.
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

// join measures the gap of each instance that both became Ready and answered, and
// counts the others.
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

// gapOf is nil where there are no gaps.
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

// finish fills in what is of all rounds.
func (a *Availability) finish() {
	for _, times := range [][]time.Duration{a.ReadyAfter, a.AnsweredAfter, a.Gaps} {
		slices.Sort(times)
	}
	a.Gap = gapOf(a.Gaps)
	a.FirstReady = a.median(func(m Milestones) *time.Duration { return m.FirstReady })
	a.AllReady = a.median(func(m Milestones) *time.Duration { return m.AllReady })
	a.FirstAnswered = a.median(func(m Milestones) *time.Duration { return m.FirstAnswered })
	a.AllAnswered = a.median(func(m Milestones) *time.Duration { return m.AllAnswered })
}

// median is of the rounds that reached a milestone; nil where none did.
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
