package ksvc

import (
	"context"
	"errors"
	"sync"
)

// Cleaned is what Clean has removed and restored.
type Cleaned struct {
	Deleted
	Restored
}

// Clean removes what Left has found of runs, and puts back what they have changed in
// Knative's tracing. Neither waits for the other, and whatever fails keeps nothing else.
// The runs of o do not count. It deletes in order, since nobody has watched whether the API
// server has restarted.
func (c *Client) Clean(ctx context.Context, runs []Left, o DeleteOptions) (Cleaned, error) {
	var done Cleaned
	var restoring sync.WaitGroup
	var failed, restored, deleted error
	o.Runs, o.InOrder = nil, true
	for _, l := range runs {
		if !l.Tracing {
			o.Runs = append(o.Runs, l.Run)
			continue
		}
		restoring.Go(func() { done.Restored, restored = c.RestoreTracing(ctx, l.Run) }) // there is one at most
	}
	if len(o.Runs) > 0 {
		done.Deleted, deleted = c.Delete(ctx, o)
	}
	restoring.Wait()
	for _, l := range runs {
		if l.lease != nil {
			failed = errors.Join(failed, c.removeLease(ctx, l.lease))
		}
	}
	return done, errors.Join(restored, deleted, failed)
}
