package loadgen

import (
	"context"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// volley is requests that are fired together. handle is called once for each of
// them, by several goroutines at a time, with what Request.Send returned.
type volley struct {
	clock    record.Clock
	requests []*Request
	handle   func(i int, s record.Sample, err error)
}

// burst sends all requests at once and returns when all are handled.
//
// Every request has a goroutine of its own which waits at a barrier with all
// preparation behind it. What is left between the barrier and the wire is one
// system call for each request, and a connection if it was not opened before.
func (v *volley) burst(ctx context.Context) {
	var ready, handled sync.WaitGroup
	barrier := make(chan struct{})
	var intended time.Duration
	ready.Add(len(v.requests))
	for i, r := range v.requests {
		handled.Go(func() {
			ready.Done()
			<-barrier
			s, err := r.Send(ctx, intended)
			v.handle(i, s, err)
		})
	}
	ready.Wait()
	intended = v.clock.Now()
	close(barrier)
	handled.Wait()
}

// close closes the connections of requests that were not sent.
func (v *volley) close() {
	for _, r := range v.requests {
		r.Close()
	}
}

// mostDials bounds how many connections are opened at a time beforehand; nothing
// hurries there, and an ingress has a backlog of its own.
const mostDials = 32

// connect opens the connections of all requests and returns the errors in the
// requests' order, nil where it worked.
func (v *volley) connect(ctx context.Context) []error {
	errs := make([]error, len(v.requests))
	var dialing sync.WaitGroup
	free := make(chan struct{}, mostDials)
	for i, r := range v.requests {
		free <- struct{}{}
		dialing.Go(func() {
			defer func() { <-free }()
			errs[i] = r.Connect(ctx)
		})
	}
	dialing.Wait()
	return errs
}
