package cluster

import (
	"context"
	"sync"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// holding is the lease of the run. It is held as long as the run has something in the
// cluster: services, or workers.
type holding struct {
	mu    sync.Mutex
	lease *ksvc.Lease
	// services and workers say that there may be some.
	services, workers bool
}

// take takes the lease for what of is set to.
func (h *holding) take(ctx context.Context, c *ksvc.Client, runID string, of *bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lease == nil {
		lease, err := c.HoldRun(ctx, runID)
		if err != nil {
			return err
		}
		h.lease = lease
	}
	*of = true
	return nil
}

// leave gives the lease back, unless there is something else.
func (h *holding) leave(ctx context.Context, of *bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	*of = false
	if h.services || h.workers {
		return nil
	}
	err := h.lease.Release(ctx)
	h.lease = nil
	return err
}
