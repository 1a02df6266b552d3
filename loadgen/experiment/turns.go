package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// turns measures one cold start at a time, the classes interleaved in a random
// order. The services of a class take turns, so that one can return to zero pods
// while others are measured.
type turns struct {
	recorder
	// sender sends the requests, but for the warm ones that follow: these the client does.
	sender  sender
	client  *loadgen.Client
	targets []record.Target
	// iterations is how many blocks are measured, and so how many samples there will
	// be of each class.
	iterations int
	seed       uint64
	// blocks is how many blocks there were before these, and traced says that these
	// starts are traced.
	blocks int
	traced bool
	// zeroTimeout bounds the wait for a service to return to zero pods.
	zeroTimeout time.Duration
	// offsetRequests is how many warm requests follow each cold start to estimate the
	// offset of the function's clock.
	offsetRequests int
	// enough, when set, is asked after each block whether what was measured is enough:
	// then the rest of the plan is left out.
	enough func([]record.Sample) bool

	zeros *zeros
	// failed says that the latest sample did, maybe on its way.
	failed bool
	// left counts the trials that each target still has before it.
	left    []int
	samples []record.Sample
}

// run makes all trials and returns their samples, which have been written down by
// then. When the context ends it stops sending and returns what there is with the
// context's error.
func (r *turns) run(ctx context.Context) ([]record.Sample, error) {
	waiting, stop := context.WithCancel(ctx)
	trials := planOf(r.targets, r.iterations, r.seed)
	r.zeros = newZeros(waiting, r.cluster, r.targets, r.zeroTimeout)
	r.left, r.total = make([]int, len(r.targets)), len(trials)
	defer r.zeros.wait()
	defer stop()
	return r.samples, r.all(ctx, trials)
}

func (r *turns) all(ctx context.Context, trials []trial) error {
	if err := r.announce(trials); err != nil {
		return err
	}
	for _, t := range trials {
		r.left[t.target]++
	}
	for i := range r.targets {
		r.zeros.start(i)
	}
	first := firstMeasured(trials)
	if err := r.warm(ctx, trials[:first]); err != nil {
		return err
	}
	trials = trials[first:]
	for i, t := range trials {
		if i > 0 && t.block > trials[i-1].block && r.enough != nil && r.enough(r.samples) {
			break
		}
		if err := r.try(ctx, t); err != nil {
			return err
		}
		r.next(t.target)
	}
	return nil
}

// next begins to wait for a target to return to zero, unless it has had its last turn.
func (r *turns) next(target int) {
	if r.left[target]--; r.left[target] > 0 {
		r.zeros.start(target)
	}
}

// announce says how many samples will be discarded.
func (r *turns) announce(trials []trial) error {
	n := firstMeasured(trials)
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
func (r *turns) try(ctx context.Context, t trial) error {
	target := r.targets[t.target]
	err := r.awaitZero(ctx, t.target)
	if err == nil && r.failed {
		err = r.awaitRoute(ctx, target)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return r.skip(target, fmt.Errorf("block %d: %w", t.block, err))
	}
	r.observer.See(TrialBegun{target})
	s, err := r.sender.send(ctx, target)
	if err != nil {
		return r.abandon(target, err)
	}
	s.Block, s.Traced, s.Discarded = r.blocks+t.block, r.traced, r.traced
	if err := r.ended(target, &s); err != nil {
		return err
	}
	s.ClockOffset = loadgen.EstimateOffset(ctx, r.client, target, s, r.offsetRequests)
	if err := r.keep(ctx, target, &s); err != nil {
		return err
	}
	r.samples = append(r.samples, s)
	r.failed = s.Failed()
	return nil
}

// abandon writes down that nothing is known of a request. The run goes on if that is because
// the worker was lost that sent it: another one sends the next.
func (r *turns) abandon(t record.Target, cause error) error {
	err := r.recorder.abandon(t, cause)
	if isLoss(cause) {
		return err
	}
	return errors.Join(cause, err)
}

// zeroNotice is how long a wait for zero may take before it is told of.
const zeroNotice = 5 * time.Second

// tellWait says what is waited for, if that takes a while: somebody else may keep a
// service awake. The wait ends with done.
func (r *turns) tellWait(what string) (done func()) {
	timer := time.AfterFunc(zeroNotice, func() {
		r.observer.See(Step{fmt.Sprintf("waiting until %s, for %v at most", what, r.zeroTimeout)})
	})
	return func() { timer.Stop() }
}

// awaitZero returns the result of the wait for a target.
func (r *turns) awaitZero(ctx context.Context, target int) error {
	defer r.tellWait("service " + name(r.targets[target]) + " is at zero")()
	return r.zeros.await(ctx, target)
}

// routeNotice is how long a look at a route may take when nothing is wrong with it.
const routeNotice = 500 * time.Millisecond

// awaitRoute keeps an ingress that is down for a moment from failing one trial after
// the other: a request that is refused takes no time at all.
func (r *turns) awaitRoute(ctx context.Context, t record.Target) error {
	began := r.clock.Now()
	if err := r.cluster.AwaitRoute(ctx, t); err != nil {
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
