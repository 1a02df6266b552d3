package worker

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
)

// Load is a load for workers to send, each its share.
type Load struct {
	Client   *loadgen.Spec
	Target   record.Target
	Schedule load.Schedule
	Length   time.Duration
	Seed     uint64
	// InFlight is how many requests of all workers may be under way.
	InFlight int
	// Prepared, when set, is called once it is known which workers send it, before they are told.
	Prepared func()
	// Sink takes what becomes of the load. Told, when set, is given each interval once it is
	// written down, and Each the requests that are told of by themselves: that of each worker
	// that was answered first, at once, and those that the run file has.
	Sink load.Sink
	Told func(record.Interval)
	Each func(*record.Sample)
}

// Load has the workers send the requests, and returns when all have ended and what they said
// is written down, with what the workers used of processors. Its error says that ctx has
// ended, that there is no worker, what could not be written down, or what is missing because
// workers were lost.
func (t *Team) Load(ctx context.Context, l *Load) (cpu time.Duration, err error) {
	members, err := t.summon(ctx, 0, math.MaxInt)
	if err != nil {
		return 0, err
	}
	if l.Prepared != nil {
		l.Prepared()
	}
	d := &deal{team: t, members: members, lead: startLead, order: l.order}
	u := &underway{Load: l, merger: load.NewMerger(len(d.members)), known: make([]int, len(d.members))}
	u.merger.Target, u.merger.Sink, u.merger.Told = l.Target, l.Sink, l.Told
	d.begun = u.merger.BeginAt
	d.take = func(i int, line line) error { return u.take(i, d.members[i].ahead(), line) }
	d.over = u.merger.Gone
	d.missing = func(i int) (missing, of int) {
		of = load.Count(l.Schedule.Pacer(l.Length, l.Seed), l.Length, d.share(i))
		return of - u.known[i], of
	}
	results, err := d.do(ctx)
	if err != nil {
		return 0, err
	}
	err = context.Cause(ctx)
	for _, r := range results {
		cpu += r.cpu
		if r.lost != nil && r.lost.Missing > 0 {
			err = errors.Join(err, r.lost)
		}
	}
	return cpu, err
}

// order is what the worker of a share is to send.
func (l *Load) order(s loadgen.Share) order {
	return order{Client: *l.Client, Share: s, Load: &loadOrder{
		Target: l.Target, Schedule: l.Schedule, Length: l.Length, Seed: l.Seed, InFlight: max(1, s.Part(l.InFlight)),
	}}
}

// underway is a load that is under way.
type underway struct {
	*Load
	merger *load.Merger
	// known is of how many requests of each worker's share it is known what became of them.
	known []int
}

// take takes a line of the i-th worker.
func (u *underway) take(i int, offset record.ClockOffset, l line) error {
	switch {
	case l.First != nil:
		one := onRunClock(*l.First, offset)
		u.Each(&one)
	case l.Failed != nil:
		one := onRunClock(*l.Failed, offset)
		u.Each(&one)
		return u.merger.Failed(one)
	case l.Part != nil:
		for k := range l.Part.Slowest {
			l.Part.Slowest[k] = onRunClock(l.Part.Slowest[k], offset)
			u.Each(&l.Part.Slowest[k])
		}
		in := &l.Part.Interval
		u.known[i] += in.Sent - in.CutOff + in.Dropped
		u.merger.Part(*l.Part)
	case l.Settled > 0:
		return u.merger.Settled(i, l.Settled)
	}
	return nil
}
