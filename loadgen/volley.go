package loadgen

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Volley is requests that belong together: those of one round.
type Volley struct {
	Clock    record.Clock
	Requests []*Request
	// Arrival is how the requests arrive; Seed and Stream decide the instants of a
	// random one.
	Arrival      Arrival
	Seed, Stream uint64
	// Share is which ones of a larger volley the requests are.
	Share Share
	// Preconnect opens each connection before its request is due.
	Preconnect bool
	// Begin, when set, is called once everything is prepared, and returns when the first
	// request of the whole volley is due, on the run's clock. Without it that is at once.
	Begin func(context.Context) time.Duration
	// Handle is called once for each request that was sent, by several goroutines at a
	// time, with what Request.Send returned. A request that was not yet due when the run
	// was interrupted is not sent.
	Handle func(i int, s record.Sample, err error)
	// PreconnectFailed, when set, is called for each connection that could not be opened
	// beforehand; the request then connects for itself.
	PreconnectFailed func(i int, err error)
}

// Fire sends the requests as they arrive and returns when all are handled.
func (v *Volley) Fire(ctx context.Context) {
	if v.Arrival.Pattern != Burst {
		v.openLoop(ctx)
		return
	}
	if v.Preconnect {
		v.connectAll(ctx)
	}
	v.burst(ctx)
}

// Close closes the connections of requests that were not sent.
func (v *Volley) Close() {
	for _, r := range v.Requests {
		r.Close()
	}
}

// burst sends all requests at once.
//
// Every request has a goroutine of its own which waits at a barrier with all
// preparation behind it. What is left between the barrier and the wire is one system
// call for each request, and a connection if it was not opened before.
func (v *Volley) burst(ctx context.Context) {
	var ready, handled sync.WaitGroup
	barrier := make(chan struct{})
	var intended time.Duration
	ready.Add(len(v.Requests))
	for i, r := range v.Requests {
		handled.Go(func() {
			ready.Done()
			<-barrier
			s, err := r.Send(ctx, intended)
			v.Handle(i, s, err)
		})
	}
	ready.Wait()
	intended = v.begin(ctx)
	close(barrier)
	handled.Wait()
}

// begin returns when the burst is due, at that instant.
func (v *Volley) begin(ctx context.Context) time.Duration {
	if v.Begin == nil {
		return v.Clock.Now()
	}
	at := v.Begin(ctx)
	if !v.wait(ctx, at-timerLateness) {
		return at
	}
	for v.Clock.Now() < at {
		runtime.Gosched()
	}
	return at
}

// timerLateness is how late a timer of Go wakes at most, where the program has nothing
// else to do.
const timerLateness = time.Millisecond

// mostDials bounds how many connections are opened at a time before a burst; nothing
// hurries there, and an ingress has a backlog of its own.
const mostDials = 32

// connectAll opens the connections of all requests.
func (v *Volley) connectAll(ctx context.Context) {
	var dialing sync.WaitGroup
	free := make(chan struct{}, mostDials)
	for i := range v.Requests {
		free <- struct{}{}
		dialing.Go(func() {
			defer func() { <-free }()
			v.connect(ctx, i)
		})
	}
	dialing.Wait()
}

func (v *Volley) connect(ctx context.Context, i int) {
	if err := v.Requests[i].Connect(ctx); err != nil && v.PreconnectFailed != nil {
		v.PreconnectFailed(i, err)
	}
}

// connectBefore opens a connection unless that takes until its request is due. Then
// the request connects for itself: it is sent in time, and what it waits for its
// connection is part of its latency, not a lateness of this program.
func (v *Volley) connectBefore(ctx context.Context, i int, due time.Duration) {
	ctx, cancel := context.WithDeadline(ctx, v.Clock.Start().Add(due))
	defer cancel()
	v.connect(ctx, i)
}

// ConnectLead is how long before its request is due a connection of a paced arrival
// is opened: long enough to be there in time, and far shorter than an ingress waits
// for the first request on it (60 s at Traefik), after which it closes the
// connection.
const ConnectLead = time.Second

// openLoop sends each request in a goroutine of its own when it is due, whether
// earlier ones were answered or not.
//
//	due - lead      due
//	    |────────────|──────────────
//	  connect       send
func (v *Volley) openLoop(ctx context.Context) {
	dues := v.dues()
	origin := v.origin(ctx)
	var handled sync.WaitGroup
	for i, due := range dues {
		handled.Go(func() {
			intended := origin + due
			if v.Preconnect && v.wait(ctx, intended-ConnectLead) {
				v.connectBefore(ctx, i, intended)
			}
			if !v.wait(ctx, intended) {
				return // the run was interrupted before its time: it was never sent
			}
			s, err := v.Requests[i].Send(ctx, intended)
			v.Handle(i, s, err)
		})
	}
	handled.Wait()
}

// dues are when the requests are due, from the begin of the whole volley.
func (v *Volley) dues() []time.Duration {
	n := len(v.Requests)
	if n == 0 {
		return nil
	}
	all := v.Arrival.dues(v.Share.All(n-1)+1, v.Seed, v.Stream)
	dues := make([]time.Duration, n)
	for i := range dues {
		dues[i] = all[v.Share.All(i)]
	}
	return dues
}

// origin is when the first request of a paced arrival is due.
func (v *Volley) origin(ctx context.Context) time.Duration {
	switch {
	case v.Begin != nil:
		return v.Begin(ctx)
	case v.Preconnect:
		return v.Clock.Now() + ConnectLead // so that the first connections are in time, too
	}
	return v.Clock.Now()
}

// wait returns at an instant of the run's clock, or false when ctx ends before.
func (v *Volley) wait(ctx context.Context, until time.Duration) bool {
	timer := time.NewTimer(until - v.Clock.Now())
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
