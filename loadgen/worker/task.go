package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// lifeSign is how often a worker says that it is alive while it has nothing else to say.
const lifeSign = time.Second

// task is an order, and how far it is.
type task struct {
	order
	server *Server
	out    *output
	// begin takes when the requests begin.
	begin chan time.Duration
	// cancel is set once the order is under way. The server's lock guards it until then.
	cancel context.CancelCauseFunc
}

// run does the order, and returns how it ended.
func (t *task) run(ctx context.Context) *end {
	done := make(chan struct{})
	var living sync.WaitGroup
	living.Go(func() { t.showLife(done) })
	cpu := self.CPUTime()
	last := &end{}
	if err := t.send(ctx); err != nil {
		last.Error = err.Error()
	}
	last.CPU = self.CPUTime() - cpu
	close(done)
	living.Wait() // nobody may write once the answer is over
	return last
}

func (t *task) showLife(done <-chan struct{}) {
	tick := time.NewTicker(lifeSign)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.tell(line{})
		case <-done:
			return
		}
	}
}

// tell writes a line. Where nobody reads it the order ends.
func (t *task) tell(l line) {
	if err := t.out.write(l); err != nil {
		t.cancel(fmt.Errorf("tell the coordinator: %w", err))
	}
}

func (t *task) send(ctx context.Context) error {
	switch {
	case t.Volley != nil:
		return t.volley(ctx)
	case t.Load != nil:
		return t.load(ctx)
	}
	return errors.New("the order is empty")
}

// await says that all is prepared, and returns when the order begins.
func (t *task) await(ctx context.Context) time.Duration {
	t.tell(line{Ready: true})
	select {
	case at := <-t.begin:
		return at
	case <-ctx.Done():
		return t.server.clock.Now() // nothing is sent any more
	}
}

func (t *task) volley(ctx context.Context) error {
	o, client := t.Volley, t.Client.Client(t.server.clock)
	v := &loadgen.Volley{
		Clock: client.Clock, Arrival: o.Arrival, Seed: o.Seed, Stream: o.Stream, Share: t.Share, Preconnect: o.Preconnect, Begin: t.await,
		Handle: func(i int, s record.Sample, err error) {
			told := &sent{Target: i, Sample: s}
			if err != nil {
				told.CutOff = err.Error()
			}
			t.tell(line{Sent: told})
		},
		PreconnectFailed: func(i int, err error) { t.tell(line{Sent: &sent{Target: i, NotConnected: err.Error()}}) },
	}
	defer v.Close()
	for _, target := range o.Targets {
		request, err := client.Prepare(target)
		if err != nil {
			return err
		}
		v.Requests = append(v.Requests, request)
	}
	v.Fire(ctx)
	return context.Cause(ctx)
}

func (t *task) load(ctx context.Context) error {
	o := t.Load
	loop := &load.Loop{
		Client: t.Client.Client(t.server.clock), Target: o.Target, Pacer: o.Schedule.Pacer(o.Length, o.Seed), Length: o.Length,
		Share: t.Share, Begin: t.await, InFlight: o.InFlight, Precise: true,
		Tally: &load.Tally{
			Target: o.Target, Sink: failures{t}, WasReady: t.server.instances.wasReady, Each: t.tellFirst(),
			Part:    func(p load.Part) error { return t.out.write(line{Part: &p}) },
			Settled: func(second int) error { return t.out.write(line{Settled: second}) },
		},
	}
	return loop.Run(ctx)
}

// tellFirst tells of the first request that was answered, at once. The second in which it was
// due is told of when all requests of it have ended, which may be a client timeout later.
func (t *task) tellFirst() func(*record.Sample) {
	var told atomic.Bool
	return func(s *record.Sample) {
		if !s.Failed() && told.CompareAndSwap(false, true) {
			t.tell(line{First: s})
		}
	}
}

// failures takes the requests of a load that fail. The rest of what a tally has to say goes
// another way.
type failures struct{ *task }

// Sample implements load.Sink.
func (f failures) Sample(s record.Sample) error { return f.out.write(line{Failed: &s}) }

// Event implements load.Sink.
func (failures) Event(record.Event) error { return nil }

// Interval implements load.Sink.
func (failures) Interval(record.Interval) error { return nil }
