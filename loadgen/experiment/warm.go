package experiment

import (
	"context"
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// mostWarmed is how many services the discarded round fires together. All of a larger
// run at once could take a small cluster longer than the client's timeout.
const mostWarmed = 16

// warm fires every service once. These samples are discarded, so it does not matter
// that they compete with one another. It returns when all services are at zero again: so
// many pods that end at the same time would be part of the first latencies. On 2 cores a
// start beside them took 2.6 s, and 1.1 to 1.4 s after them.
func (r *turns) warm(ctx context.Context, trials []trial) error {
	for some := range slices.Chunk(trials, mostWarmed) {
		if err := r.fire(ctx, some); err != nil {
			return err
		}
	}
	defer r.tellWait("all services are at zero again")()
	r.zeros.wait()
	return ctx.Err()
}

// fire makes some discarded trials together. A service that is not at zero is skipped.
func (r *turns) fire(ctx context.Context, trials []trial) error {
	var targets []record.Target
	for _, t := range trials {
		err := r.awaitZero(ctx, t.target)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			targets = append(targets, r.targets[t.target])
		} else if err := r.skip(r.targets[t.target], fmt.Errorf("block %d: %w", t.block, err)); err != nil {
			return err
		}
	}
	r.observer.See(Warming{targets})
	samples, err := r.burst(ctx, targets)
	r.samples = append(r.samples, samples...)
	r.failed = slices.ContainsFunc(samples, record.Sample.Failed)
	for _, t := range trials {
		r.next(t.target)
	}
	return err
}

// burst sends the first requests of targets together and keeps what became of them.
func (r *turns) burst(ctx context.Context, targets []record.Target) ([]record.Sample, error) {
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	plan := RoundPlan{Key: record.Key{Services: len(targets)}, Discarded: true}
	k := &keeper{recorder: &r.recorder, plan: plan, targets: targets, kept: make([]*record.Sample, len(targets)), stop: stop}
	if err := r.sender.fire(sending, pattern{arrival: loadgen.Arrival{Pattern: loadgen.Burst}}, k, func() {}); err != nil {
		return k.samples(), err
	}
	return k.samples(), context.Cause(sending)
}
