// Package headway counts how a run goes, for whoever watches it: done, failed, rate, time
// left, the latest sample and how the latencies are spread.
//
// A Tally is told by the goroutines that measure, which it costs a few additions each.
// Everything else happens where somebody asks for the State: rates, estimates, and the
// reading of a load's histograms. A State is a line of --progress json, and Status makes
// the line of it that a terminal shows.
package headway

import (
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// Tally is told how a run goes. It implements experiment.Observer, and several goroutines
// may use it at a time.
type Tally struct {
	experiment string
	now        func() time.Time
	budget     time.Duration
	// loads says that requests are sent at a rate.
	loads bool

	mu            sync.Mutex
	began         time.Time // of measuring, after the services are there
	done, planned int
	failed        int
	latest        *Latest
	spread        spread
	ends          recent
	task          *Task
	round         *round
	rounds        rounds
	load          *loading
}

// New makes a tally of an experiment, which it calls by that name.
func New(experiment string, now func() time.Time) *Tally {
	return &Tally{experiment: experiment, now: now, loads: experiment == "load"}
}

// Within says how long measuring may take at most.
func (t *Tally) Within(budget time.Duration) { t.budget = budget }

// See implements experiment.Observer.
func (t *Tally) See(n experiment.Notice) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch n := n.(type) {
	case experiment.Progress:
		t.task = &Task{Name: n.Task, Done: n.Done, Planned: n.Total}
	case experiment.Warming, experiment.TrialBegun:
		t.begin()
	case experiment.SampleTaken:
		t.sample(n)
	case experiment.WorkBegun:
		t.begin()
	case experiment.WorkDone:
		t.work(n)
	default:
		t.seeTogether(n)
	}
}

// seeTogether takes what is told where many requests are under way together.
func (t *Tally) seeTogether(n experiment.Notice) {
	switch n := n.(type) {
	case experiment.RoundPlanned:
		t.begin()
		t.round, t.rounds.begun, t.rounds.planned = nil, true, n.Of
	case experiment.RoundFiring:
		t.round = newRound(n, t.now())
	case experiment.RoundFired:
		t.round.ended = t.now()
		t.rounds.last = t.round.ended
		t.rounds.done++
	case experiment.LoadBegun:
		t.begin()
		t.load = &loading{begun: n, began: t.now()}
	case experiment.LoadSecond:
		t.second(n)
	case experiment.LoadEnded:
		t.load.ended = true
	}
}

// begin is when the first request is about to be sent.
func (t *Tally) begin() {
	t.task = nil
	if t.began.IsZero() {
		t.began = t.now()
	}
}

func (t *Tally) sample(n experiment.SampleTaken) {
	s := &n.Sample
	t.latest = latestOf(s)
	if !s.Failed() && !s.Discarded && s.Cold == record.Proven {
		t.spread.add(s.ResponseLatency)
	}
	if !t.loads { // of a load these warm caches; its seconds count the requests
		t.count(n.Done, n.Total, s.Failed())
		if !s.Discarded || s.Traced { // those that warm caches are sent together
			t.ends.add(t.now())
		}
	}
	if t.round != nil {
		t.round.count(s.Failed())
	}
}

func (t *Tally) work(n experiment.WorkDone) {
	t.latest = &Latest{RuntimeClass: n.Work.RuntimeClass, Program: n.Work.Program, Outcome: n.Work.Outcome, Latency: n.Work.Ended - n.Work.Begun}
	t.count(n.Done, n.Total, n.Work.Outcome != record.OK)
	t.ends.add(t.now())
}

func (t *Tally) count(done, planned int, failed bool) {
	if done < t.done { // other starts follow, such as the traced ones
		t.ends = recent{}
	}
	t.done, t.planned = done, planned
	if failed {
		t.failed++
	}
}

func (t *Tally) second(n experiment.LoadSecond) {
	i := &n.Interval
	t.done += i.Sent + i.Dropped
	t.failed += i.Failures() + i.Dropped
	t.load.second(n)
}
