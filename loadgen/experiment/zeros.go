package experiment

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// askAgain is the pause before a cluster that failed to answer is asked again.
const askAgain = time.Second

// zeros waits in the background until services have zero pods, so that the waits of
// many services overlap with one another and with the measuring of others.
type zeros struct {
	ctx     context.Context
	cluster prover
	targets []record.Target
	limit   time.Duration
	// results holds what became of the latest wait for each target.
	results []chan error
	running sync.WaitGroup
	// done, when set, is called after each wait has ended, by several goroutines.
	done func()
}

func newZeros(ctx context.Context, cluster prover, targets []record.Target, limit time.Duration) *zeros {
	return &zeros{ctx: ctx, cluster: cluster, targets: targets, limit: limit, results: make([]chan error, len(targets))}
}

// start begins to wait for a target.
func (z *zeros) start(target int) {
	result := make(chan error, 1)
	z.results[target] = result
	z.running.Go(func() {
		result <- z.one(z.targets[target])
		if z.done != nil {
			z.done()
		}
	})
}

// one waits for one target. A cluster that cannot say, because its API server is
// restarting for example, is asked again until the limit.
func (z *zeros) one(t record.Target) error {
	ctx, cancel := context.WithTimeout(z.ctx, z.limit)
	defer cancel()
	var last error
	for {
		err := z.cluster.AwaitZero(ctx, t)
		if err == nil {
			return nil
		}
		// The first failure says more than that the time was up afterwards.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return fmt.Errorf("service %s is not at zero within %v: %w", name(t), z.limit, last)
		}
	}
}

// await returns the result of the wait for a target that was started. A service that
// was at zero a while ago is looked at again: somebody may have woken it since, or the
// cluster may not be able to tell just now.
func (z *zeros) await(ctx context.Context, target int) error {
	select {
	case err := <-z.results[target]:
		if err == nil {
			err = z.one(z.targets[target])
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait returns when no wait is left running.
func (z *zeros) wait() { z.running.Wait() }
