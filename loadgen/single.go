package loadgen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// SingleOptions are the settings of a single-instance experiment.
type SingleOptions struct {
	// Iterations is how many blocks are measured, and so how many samples there
	// will be of each class.
	Iterations int `json:"iterations"`
	// Seed decides the order of the classes in each block.
	Seed uint64 `json:"seed"`
	// ZeroTimeout bounds the wait for a service to come back to zero pods; it
	// should be longer than the stable window and the grace period together.
	ZeroTimeout time.Duration `json:"zeroTimeoutNs"`
	// OffsetRequests is how many warm requests follow each cold start to estimate
	// the offset of the function's clock; none when zero.
	OffsetRequests int `json:"offsetRequests"`
}

// Validate tells what is wrong with the options.
func (o SingleOptions) Validate() error {
	var errs []error
	if o.Iterations < 1 {
		errs = append(errs, fmt.Errorf("iterations is %d: need at least one", o.Iterations))
	}
	if o.ZeroTimeout <= 0 {
		errs = append(errs, fmt.Errorf("the limit on waiting for zero pods is %v: it must be positive", o.ZeroTimeout))
	}
	if o.OffsetRequests < 0 {
		errs = append(errs, fmt.Errorf("requests to estimate the clock's offset: %d is negative", o.OffsetRequests))
	}
	return errors.Join(errs...)
}

// Single is the single-instance experiment: one cold start at a time, the classes
// interleaved in random order. The services of a class take turns, so that one
// can go back to zero pods while others are measured.
type Single struct {
	Client  *Client
	Cluster Cluster
	Sink    Sink
	// Targets are the services of all classes.
	Targets []record.Target
	Options SingleOptions
	// OnTrial, when set, is called right before each request is sent.
	OnTrial func()
	// Enough, when set, is asked after each block whether what was measured is
	// enough: then the rest of the plan is left out.
	Enough func(samples []record.Sample) bool
	// OnSample, when set, is called after each sample was written down, with how
	// many of all trials are done.
	OnSample func(done, total int, s record.Sample)
}

// Run makes all trials and returns their samples, which have then been written to
// the sink already. When the context ends it stops sending and returns what there
// is with the context's error.
func (e *Single) Run(ctx context.Context) ([]record.Sample, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	waiting, stop := context.WithCancel(ctx)
	trials := plan(e.Targets, e.Options.Iterations, e.Options.Seed)
	run := &singleRun{
		Single: e,
		zeros:  newZeros(waiting, e.Cluster, e.Targets, e.Options.ZeroTimeout),
		turns:  make([]int, len(e.Targets)),
		recorder: recorder{
			clock: e.Client.Clock, cluster: e.Cluster, sink: e.Sink, onSample: e.OnSample, total: len(trials),
		},
	}
	defer run.zeros.wait()
	defer stop()
	return run.all(ctx, trials)
}

func (e *Single) validate() error {
	if len(e.Targets) == 0 {
		return errors.New("single-instance experiment: there is no service to measure")
	}
	if err := e.Options.Validate(); err != nil {
		return fmt.Errorf("single-instance experiment: %w", err)
	}
	for _, t := range e.Targets {
		if _, err := e.Client.Prepare(t); err != nil {
			return err
		}
	}
	return nil
}

// singleRun is one run of the experiment.
type singleRun struct {
	*Single
	recorder
	zeros *zeros
	// failed says that the latest sample did, maybe on its way.
	failed bool
	// turns counts the trials that each target still has before it.
	turns   []int
	samples []record.Sample
}

func (r *singleRun) all(ctx context.Context, trials []trial) ([]record.Sample, error) {
	if err := r.announce(trials); err != nil {
		return nil, err
	}
	for _, t := range trials {
		r.turns[t.target]++
	}
	for i := range r.Targets {
		r.zeros.start(i)
	}
	for i, t := range trials {
		if i > 0 && t.block > max(trials[i-1].block, 1) && r.Enough != nil && r.Enough(r.samples) {
			break
		}
		if err := r.try(ctx, t); err != nil {
			return r.samples, err
		}
		if r.turns[t.target]--; r.turns[t.target] > 0 {
			r.zeros.start(t.target)
		}
	}
	return r.samples, nil
}

// announce says how many samples will be discarded.
func (r *singleRun) announce(trials []trial) error {
	n := 0
	for _, t := range trials {
		if t.discarded {
			n++
		}
	}
	err := r.sink.Event(record.Event{
		At: r.clock.Now(), Kind: record.EventDiscardedRound, Value: float64(n),
		Message: fmt.Sprintf("the first %d cold starts, one of each service, warm caches and are left out of every summary", n),
	})
	if err != nil {
		return fmt.Errorf("record event %s: %w", record.EventDiscardedRound, err)
	}
	return nil
}

// try makes one trial when its service is at zero. Only what ends the run is an
// error.
func (r *singleRun) try(ctx context.Context, t trial) error {
	target := r.Targets[t.target]
	err := r.zeros.await(ctx, t.target)
	if err == nil && r.failed {
		err = r.awaitRoute(ctx, target)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return r.skip(target, fmt.Errorf("block %d: %w", t.block, err))
	}
	if r.OnTrial != nil {
		r.OnTrial()
	}
	s, err := r.Client.Send(ctx, target, r.clock.Now())
	if err != nil {
		return errors.Join(err, r.event(record.EventRequestAbandoned, target, err))
	}
	s.Block, s.Discarded = t.block, t.discarded
	s.ClockOffset = estimateOffset(ctx, r.Client, target, s, r.Options.OffsetRequests)
	if err := r.keep(ctx, target, &s); err != nil {
		return err
	}
	r.samples = append(r.samples, s)
	r.failed = s.Failed()
	return nil
}

// routeNotice is how long a look at a route may take when nothing is wrong with it.
const routeNotice = 500 * time.Millisecond

// awaitRoute keeps an ingress that is down for a moment from failing one trial
// after the other: a request that is refused takes no time at all.
func (r *singleRun) awaitRoute(ctx context.Context, t record.Target) error {
	began := r.clock.Now()
	if err := r.Cluster.AwaitRoute(ctx, t); err != nil {
		return err
	}
	r.failed = false
	waited := r.clock.Now() - began
	if waited < routeNotice {
		return nil
	}
	return r.sink.Event(record.Event{
		At: r.clock.Now(), Kind: record.EventRouteRestored, RuntimeClass: t.RuntimeClass, Service: t.Service, Value: waited.Seconds(),
		Message: fmt.Sprintf("requests get through ingress %s again, after %.1fs", t.Address, waited.Seconds()),
	})
}
