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

// sender sends the requests of a run: this program, or workers that it leads.
type sender interface {
	// send sends a request, and returns what became of it.
	send(ctx context.Context, t record.Target) (record.Sample, error)
	// fire sends the requests of a round, and returns when the keeper has handled all. firing
	// is called once all is prepared.
	fire(ctx context.Context, p pattern, k *keeper, firing func()) error
	// load sends the requests of a load, and returns what that took of processors.
	load(ctx context.Context, o *loadOrder) (cpu time.Duration, err error)
}

// pattern is how the requests of a round are sent; see loadgen.Volley.
type pattern struct {
	arrival    loadgen.Arrival
	seed       uint64
	preconnect bool
}

// loadOrder is a load to be sent.
type loadOrder struct {
	target   record.Target
	schedule load.Schedule
	length   time.Duration
	seed     uint64
	inFlight int
	// firing is called once all is prepared.
	firing func()
	each   func(*record.Sample)
	told   func(record.Interval)
}

func (s *session) sender() sender {
	if s.team == nil {
		return s.here()
	}
	return &away{session: s}
}

func (s *session) here() *here { return &here{session: s, client: s.client()} }

// here is a sender that is this program.
type here struct {
	session *session
	client  *loadgen.Client
}

func (h *here) send(ctx context.Context, t record.Target) (record.Sample, error) {
	return h.client.Send(ctx, t, h.client.Clock.Now())
}

func (h *here) fire(ctx context.Context, p pattern, k *keeper, firing func()) error {
	v, err := h.volley(ctx, p, k)
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
func (h *here) volley(ctx context.Context, p pattern, k *keeper) (*loadgen.Volley, error) {
	v := &loadgen.Volley{
		Clock: h.client.Clock, Arrival: p.arrival, Seed: p.seed, Stream: uint64(k.plan.Block), Preconnect: p.preconnect,
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
	o.firing()
	loop := &load.Loop{
		Client: h.client, Target: o.target, Pacer: o.schedule.Pacer(o.length, o.seed), Length: o.length, InFlight: o.inFlight, Precise: true,
		Tally: &load.Tally{Target: o.target, Sink: h.session.writer, WasReady: h.session.ready.was, Each: o.each, Told: o.told},
	}
	err := loop.Run(ctx)
	return self.CPUTime() - cpu, err
}

// away is a sender that leads workers in the cluster.
type away struct {
	*session
	// sent is how many requests were sent one at a time.
	sent int
}

// send has the workers send one request each, in turn.
func (a *away) send(ctx context.Context, t record.Target) (s record.Sample, err error) {
	handled := false
	fired := a.team.Fire(ctx, &worker.Volley{
		Client: a.spec(), Targets: []record.Target{t}, Arrival: loadgen.Arrival{Pattern: loadgen.Burst}, First: a.sent, TraceID: a.traces.ids(),
		Handle: func(_ int, one record.Sample, cause error) { s, err, handled = one, cause, true },
	})
	a.sent++
	switch {
	case fired != nil:
		return s, fired
	case !handled: // it was interrupted before it was sent
		return s, context.Cause(ctx)
	}
	return s, err
}

func (a *away) fire(ctx context.Context, p pattern, k *keeper, firing func()) error {
	return a.team.Fire(ctx, &worker.Volley{
		Client: a.spec(), Targets: k.targets, Arrival: p.arrival, Seed: p.seed, Stream: uint64(k.plan.Block), Preconnect: p.preconnect,
		TraceID: a.traces.ids(), Prepared: firing,
		Handle:           func(i int, s record.Sample, err error) { k.handle(ctx, i, s, err) },
		PreconnectFailed: func(i int, err error) { k.notConnected(ctx, i, err) },
	})
}

func (a *away) load(ctx context.Context, o *loadOrder) (time.Duration, error) {
	cpu := self.CPUTime()
	a.readers.Store(a.team)
	defer a.readers.Store(nil)
	theirs, err := a.team.Load(ctx, &worker.Load{
		Client: a.spec(), Target: o.target, Schedule: o.schedule, Length: o.length, Seed: o.seed, InFlight: o.inFlight,
		Prepared: func() {
			a.ready.each(a.team.TellReady) // those that were Ready before
			o.firing()
		},
		Sink: a.writer, Told: o.told, Each: o.each,
	})
	return self.CPUTime() - cpu + theirs, err
}
