package experiment

import (
	"context"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
	"github.com/kn-coldstart/kn-coldstart/loadgen/worker"
)

// sender sends the requests of rounds and loads: this program, or workers that it leads.
type sender interface {
	// fire sends the requests of a round, and returns when the keeper has handled all. firing
	// is called once all is prepared.
	fire(ctx context.Context, r *rounds, k *keeper, firing func()) error
	// load sends the requests of a load, and returns what that took of processors.
	load(ctx context.Context, o *loadOrder) (cpu time.Duration, err error)
	// lost says what is not sent, and never will be.
	lost() error
}

// loadOrder is a load to be sent.
type loadOrder struct {
	target   record.Target
	schedule load.Schedule
	length   time.Duration
	seed     uint64
	inFlight int
	each     func(*record.Sample)
	told     func(record.Interval)
}

func (s *session) sender() sender {
	if s.team == nil {
		return &here{session: s, client: s.client()}
	}
	return &away{s}
}

// here is a sender that is this program.
type here struct {
	session *session
	client  *loadgen.Client
}

func (h *here) lost() error { return nil }

func (h *here) fire(ctx context.Context, r *rounds, k *keeper, firing func()) error {
	v, err := h.volley(ctx, r, k)
	if err != nil {
		return err
	}
	defer v.Close()
	firing()
	v.Fire(ctx)
	return nil
}

// volley prepares the requests of a round. The classes of a block get the same
// instants of a random arrival, each block others.
func (h *here) volley(ctx context.Context, r *rounds, k *keeper) (*loadgen.Volley, error) {
	v := &loadgen.Volley{
		Clock: h.client.Clock, Arrival: r.arrival, Seed: r.seed, Stream: uint64(k.plan.Block), Preconnect: r.preconnect,
		Handle:           func(i int, s record.Sample, err error) { k.handle(ctx, i, s, err) },
		PreconnectFailed: func(i int, err error) { k.notConnected(ctx, i, err) },
	}
	for _, t := range k.targets {
		request, err := h.client.Prepare(t)
		if err != nil {
			return nil, err
		}
		v.Requests = append(v.Requests, request)
	}
	return v, nil
}

func (h *here) load(ctx context.Context, o *loadOrder) (time.Duration, error) {
	cpu := self.CPUTime()
	loop := &load.Loop{
		Client: h.client, Target: o.target, Pacer: o.schedule.Pacer(o.length, o.seed), Length: o.length, InFlight: o.inFlight, Precise: true,
		Tally: &load.Tally{Target: o.target, Sink: h.session.writer, WasReady: h.session.ready.was, Each: o.each, Told: o.told},
	}
	err := loop.Run(ctx)
	return self.CPUTime() - cpu, err
}

// away is a sender that leads workers in the cluster.
type away struct{ *session }

func (a *away) lost() error { return a.team.Lost() }

func (a *away) fire(ctx context.Context, r *rounds, k *keeper, firing func()) error {
	a.refill(ctx)
	firing()
	return a.team.Fire(ctx, &worker.Volley{
		Client: a.spec(), Targets: k.targets, Arrival: r.arrival, Seed: r.seed, Stream: uint64(k.plan.Block), Preconnect: r.preconnect,
		Handle:           func(i int, s record.Sample, err error) { k.handle(ctx, i, s, err) },
		PreconnectFailed: func(i int, err error) { k.notConnected(ctx, i, err) },
	})
}

// refill waits for the workers that replace those that were lost. Without them the others do
// the work.
func (a *away) refill(ctx context.Context) {
	if a.team.Size() == a.header.Settings.Workers {
		return
	}
	if err := a.muster(ctx); err != nil && ctx.Err() == nil {
		a.observer.See(Warning{"lost workers are not replaced: " + err.Error()})
	}
}

func (a *away) load(ctx context.Context, o *loadOrder) (time.Duration, error) {
	cpu := self.CPUTime()
	a.readers.Store(a.team)
	defer a.readers.Store(nil)
	a.ready.each(a.team.TellReady) // those that were Ready before
	theirs, err := a.team.Load(ctx, &worker.Load{
		Client: a.spec(), Target: o.target, Schedule: o.schedule, Length: o.length, Seed: o.seed, InFlight: o.inFlight,
		Sink: a.writer, Told: o.told, Each: o.each,
	})
	return self.CPUTime() - cpu + theirs, err
}
