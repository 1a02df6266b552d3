package gate

import (
	"cmp"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// fate is what became of a start.
type fate int

const (
	wasAnswered fate = iota // and proven to be a cold start
	wasUnproven             // answered, but not proven cold: it has no latency that counts
	hasTimedOut             // the client gave up: the latency is over its limit
	hasFailed               // answered wrongly or not at all
	notMade                 // planned, and no request was sent
)

// start is one cold start that was to be made.
type start struct {
	at    time.Duration // when it was to begin
	block int
	fate  fate
	// latency is how long it took, or the limit of one that timed out.
	latency time.Duration
	proven  bool // to be cold
	timeout time.Duration
}

// starts are all that were to be made: of one run, in the order of time. They are the
// denominator of every share, and what every percentile is of: a start that was not
// made, and one that failed, is slower than any that was answered.
type starts []start

func (list starts) count(fates ...fate) int {
	n := 0
	for _, s := range list {
		if slices.Contains(fates, s.fate) {
			n++
		}
	}
	return n
}

// startsOf are the cells of a run with all that was to be done in them. A trial
// that was skipped is an event; a service that was left out of a round is known by
// the number that was to be fired.
func startsOf(r *record.Run) map[record.Key]starts {
	cells := map[record.Key]starts{}
	for i := range r.Samples {
		if s := &r.Samples[i]; !s.Discarded {
			cells[s.Key()] = append(cells[s.Key()], startOf(s))
		}
	}
	leftOut := addRounds(r, cells)
	addSkipped(r, cells, leftOut)
	for _, list := range cells {
		slices.SortStableFunc(list, func(a, b start) int { return cmp.Compare(a.at, b.at) })
	}
	return cells
}

func startOf(s *record.Sample) start {
	one := start{at: s.Intended, block: s.Block, latency: s.ResponseLatency, proven: s.Cold == record.Proven, timeout: s.ClientTimeout}
	switch {
	case s.Censored():
		one.fate, one.latency = hasTimedOut, analysis.Limit(s)
	case s.Failed():
		one.fate = hasFailed
	case !one.proven:
		one.fate = wasUnproven
	}
	return one
}

// round names one round of a run.
type round struct {
	record.Key
	block int
}

// addRounds adds the services that were left out of rounds, and counts them by
// class, those of rounds that were discarded included.
func addRounds(r *record.Run, cells map[record.Key]starts) map[record.Key]int {
	type fired struct {
		sent      int
		at        time.Duration
		discarded bool
	}
	rounds := map[round]*fired{}
	for i := range r.Samples {
		s := &r.Samples[i]
		if s.Services <= 1 {
			continue
		}
		name := round{s.Key(), s.Block}
		if rounds[name] == nil {
			rounds[name] = &fired{at: s.Intended, discarded: s.Discarded}
		}
		rounds[name].sent++
	}
	leftOut := map[record.Key]int{}
	for name, f := range rounds {
		for range name.Services - f.sent {
			leftOut[name.Class()]++
			if !f.discarded {
				cells[name.Key] = append(cells[name.Key], start{at: f.at, block: name.block, fate: notMade})
			}
		}
	}
	return leftOut
}

// addSkipped adds the trials that an event says were not made and that no round
// accounts for.
func addSkipped(r *record.Run, cells map[record.Key]starts, leftOut map[record.Key]int) {
	of := map[string]record.Key{} // by service
	for i := range r.Samples {
		of[r.Samples[i].Service] = r.Samples[i].Key()
	}
	for i := range r.Events {
		e := &r.Events[i]
		if e.Kind != record.EventTrialSkipped {
			continue
		}
		k, known := of[e.Service]
		if !known || cells[k] == nil {
			k = largest(cells, e.Key())
		}
		if leftOut[k.Class()] > 0 {
			leftOut[k.Class()]--
		} else if cells[k] != nil {
			cells[k] = append(cells[k], start{at: e.At, fate: notMade})
		}
	}
}

// largest is the cell of a class with the most services. An event that names no
// side is taken to be of any, of the last by name: that is the one under test.
func largest(cells map[record.Key]starts, class record.Key) record.Key {
	best := class
	for k := range cells {
		same := k.RuntimeClass == class.RuntimeClass && (class.Variant == "" || k.Variant == class.Variant)
		if same && (k.Services > best.Services || k.Services == best.Services && k.Variant > best.Variant) {
			best = k
		}
	}
	return best
}

// latencies are the starts ranked by how long they took: those that failed or were
// not made above all, those that timed out above their limit. Starts that were
// answered and are not proven cold have no place.
func latencies(list starts) *stat.Set {
	var observed, limits []time.Duration
	none := 0
	for _, s := range list {
		switch s.fate {
		case wasAnswered:
			observed = append(observed, s.latency)
		case hasTimedOut:
			limits = append(limits, s.latency)
		case hasFailed, notMade:
			none++
		}
	}
	return stat.NewRanked(observed, limits, none)
}
