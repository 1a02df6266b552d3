package cluster

import (
	"context"
	"errors"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/deploy"
)

var errFollowing = errors.New("deployments are followed already: the cluster serves one run at a time")

// FollowDeployments begins to follow how services of the run come and go, until
// StopDeployments. What happens once it has returned is seen.
func (c *Cluster) FollowDeployments(ctx context.Context, runID string, clock record.Clock) error {
	if c.follower.Load() != nil {
		return errFollowing
	}
	c.mu.Lock()
	o := deploy.Options{Run: runID, Clock: clock, Scheme: c.scheme, Address: c.address, Find: c.Address}
	c.mu.Unlock()
	f, err := deploy.Follow(ctx, c.client, o)
	if err != nil {
		return err
	}
	c.follower.Store(f)
	return nil
}

// StopDeployments ends the following. Without it, it does nothing.
func (c *Cluster) StopDeployments() {
	if f := c.follower.Swap(nil); f != nil {
		f.Stop()
	}
}

// AwaitDeployed returns how a service was deployed once it is known, or, when ctx ends,
// what is known by then. It needs FollowDeployments.
func (c *Cluster) AwaitDeployed(ctx context.Context, service string) record.Deployment {
	return c.follower.Load().AwaitDeployed(ctx, service)
}

// AwaitRemoved is AwaitDeployed for how a service was removed.
func (c *Cluster) AwaitRemoved(ctx context.Context, service string) record.Deployment {
	return c.follower.Load().AwaitRemoved(ctx, service)
}

// traced is a context with which services are created and deleted, of which the follower
// is told, if there is one.
func (c *Cluster) traced(ctx context.Context) context.Context {
	if f := c.follower.Load(); f != nil {
		return ksvc.WithTrace(ctx, f.Trace())
	}
	return ctx
}
