package cluster

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

var errNoWorkers = errors.New("there are no workers: StartWorkers was not called")

// staff is the workers of the present run.
type staff struct{ present atomic.Pointer[ksvc.Workers] }

// StartWorkers starts the workers of a run. What was created stays until StopWorkers.
func (c *Cluster) StartWorkers(ctx context.Context, runID string, w record.Workers) error {
	if err := c.holding.take(ctx, c.client, runID, &c.holding.workers); err != nil {
		return err
	}
	workers := c.client.NewWorkers(runID, w)
	c.staff.present.Store(workers)
	return workers.Create(ctx)
}

// AwaitWorkers returns the workers once all are Ready, those too that replace others. If they get
// no pods or no nodes for a while, waiting is told why, once.
func (c *Cluster) AwaitWorkers(ctx context.Context, _ string, progress func(done, total int), waiting func(why string)) ([]record.Worker, error) {
	w := c.staff.present.Load()
	if w == nil {
		return nil, errNoWorkers
	}
	return w.Await(ctx, progress, waiting)
}

// WorkerTransport reaches a worker, whatever host a request is for.
func (c *Cluster) WorkerTransport(name string) http.RoundTripper {
	return c.staff.present.Load().Transport(name)
}

// WorkerState says in words how a worker is, or nothing if it is well.
func (c *Cluster) WorkerState(ctx context.Context, name string) string {
	w := c.staff.present.Load()
	if w == nil {
		return ""
	}
	return w.State(ctx, name)
}

// StopWorkers removes the workers of a run, and returns when they are gone. ctx should not
// be one that Ctrl-C has cancelled.
func (c *Cluster) StopWorkers(ctx context.Context, _ string) error {
	w := c.staff.present.Swap(nil)
	if w == nil {
		return nil
	}
	err := w.Delete(ctx)
	// What is left without a lease is for clean.
	return errors.Join(err, c.holding.leave(ctx, &c.holding.workers))
}
