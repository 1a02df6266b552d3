// Package start knows the starts that a run was to make, and what became of each.
//
// They are more than the samples of the run: a trial that was skipped and a service that
// was left out of a round are starts as well. All of them together are the denominator
// of every share and what every percentile is of, wherever runs are reported, judged or
// followed over time.
package start

import (
	"cmp"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Fate is what became of a start.
type Fate int

// The fates.
const (
	Answered Fate = iota // and proven to be a cold start
	Unproven             // answered, but not proven cold: it has no latency that counts
	Pulled               // answered, but an image was pulled for it: it is no start like the others
	TimedOut             // the client gave up: the latency is over its limit
	Failed               // answered wrongly or not at all
	NotMade              // planned, and no request was sent
)

// Start is one cold start that was to be made.
type Start struct {
	At    time.Duration // when it was to begin
	Block int
	Fate  Fate
	// Latency is how long it took, or the limit of one that timed out.
	Latency time.Duration
	Proven  bool // to be cold
	Timeout time.Duration
}

// List are all starts that were to be made: of one run, in the order of time. One that
// was not made, and one that failed, is slower than any that was answered.
type List []Start

// Count says how many starts have one of the fates.
func (list List) Count(fates ...Fate) int {
	n := 0
	for _, s := range list {
		if slices.Contains(fates, s.Fate) {
			n++
		}
	}
	return n
}

// Latencies are the starts ranked by how long they took: those that failed or were
// not made above all, those that timed out above their limit. Starts that were
// answered and are not proven cold have no place, and neither have those for which an
// image was pulled.
func (list List) Latencies() *stat.Set {
	var observed, limits []time.Duration
	none := 0
	for _, s := range list {
		switch s.Fate {
		case Answered:
			observed = append(observed, s.Latency)
		case TimedOut:
			limits = append(limits, s.Latency)
		case Failed, NotMade:
			none++
		}
	}
	return stat.NewRanked(observed, limits, none)
}

// First are the first n starts that have a place among the latencies. Quantiles of few
// starts are biased and vary more than those of many, so runs are compared by equal
// numbers of starts; the first ones of a long run are what a shorter one would have
// been, with its warming up and its drift.
func (list List) First(n int) List {
	var first List
	for _, s := range list {
		if s.ranked() && len(first) < n {
			first = append(first, s)
		}
	}
	return first
}

// ranked says that the start has a place among the latencies.
func (s Start) ranked() bool { return s.Fate != Unproven && s.Fate != Pulled }

// Of are the cells of a run with all that was to be done in them. Samples that warm
// caches are not among them.
func Of(r *record.Run) map[record.Key]List {
	cells, planned := map[record.Key]List{}, NewPlanned()
	for i := range r.Samples {
		s := &r.Samples[i]
		planned.AddSample(s)
		if !s.Discarded {
			cells[s.Key()] = append(cells[s.Key()], of(s))
		}
	}
	for i := range r.Events {
		planned.AddEvent(&r.Events[i])
	}
	for _, m := range planned.NotMade(&r.Header) {
		cells[m.Key] = append(cells[m.Key], Start{At: m.At, Block: m.Block, Fate: NotMade})
	}
	for _, list := range cells {
		slices.SortStableFunc(list, func(a, b Start) int { return cmp.Compare(a.At, b.At) })
	}
	return cells
}

// Lost says how many samples a run wrote that its file does not have; see Planned.Lost.
func Lost(r *record.Run) string {
	planned := NewPlanned()
	for i := range r.Samples {
		planned.AddSample(&r.Samples[i])
	}
	for i := range r.Events {
		planned.AddEvent(&r.Events[i])
	}
	return planned.Lost(&r.Header, r.End)
}

func of(s *record.Sample) Start {
	one := Start{At: s.Intended, Block: s.Block, Latency: s.ResponseLatency, Proven: s.Cold == record.Proven, Timeout: s.ClientTimeout}
	switch {
	case s.Censored():
		one.Fate, one.Latency = TimedOut, Limit(s)
	case s.Failed():
		one.Fate = Failed
	case !one.Proven:
		one.Fate = Unproven
	case s.SpoiledByPull():
		one.Fate = Pulled
	}
	return one
}

// Limit is the latency that a sample which timed out is known to exceed: the client
// timeout, or the latency that was recorded if that is shorter.
func Limit(s *record.Sample) time.Duration {
	if s.ClientTimeout <= 0 || (s.ResponseLatency > 0 && s.ResponseLatency < s.ClientTimeout) {
		return s.ResponseLatency
	}
	return s.ClientTimeout
}
