package cluster

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/autoscaler"
	"github.com/kn-coldstart/kn-coldstart/ksvc/ingress"
	"github.com/kn-coldstart/kn-coldstart/ksvc/usage"
	"github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

var (
	errNoWatch  = errors.New("the cluster is not watched: StartWatch was not called")
	errWatching = errors.New("the cluster is watched already: it serves one run at a time")
)

// watching is the watch of the present run. It can still be read after it has ended.
type watching struct {
	present atomic.Pointer[watch.Watch]
	running atomic.Bool
}

// StartWatch arms all watches: what happens once it has returned is seen. emit is
// given events in order, from one goroutine.
func (c *Cluster) StartWatch(ctx context.Context, runID string, clock record.Clock, p record.Patience, emit func(record.Event)) error {
	if !c.running.CompareAndSwap(false, true) {
		return errWatching
	}
	w, err := c.startWatch(ctx, runID, clock, p, emit)
	if err != nil {
		c.running.Store(false)
		return err
	}
	c.present.Store(w)
	return nil
}

// startWatch follows the existing services that the run measures, or else those that it
// will create.
func (c *Cluster) startWatch(ctx context.Context, runID string, clock record.Clock, p record.Patience, emit func(record.Event)) (*watch.Watch, error) {
	c.mu.Lock()
	existing := c.existing
	c.mu.Unlock()
	if len(existing) > 0 {
		return watch.StartExisting(ctx, c.client, existing, clock, p, emit)
	}
	return watch.Start(ctx, c.client, runID, clock, p, emit)
}

// StopWatch ends the watches and returns when every event was emitted. Without a
// watch it does nothing.
func (c *Cluster) StopWatch() {
	if w := c.present.Load(); w != nil {
		w.Stop()
		c.running.Store(false)
	}
}

// AwaitReady returns when the service is Ready and has no pod. The target lacks the
// Address.
func (c *Cluster) AwaitReady(ctx context.Context, service string) (record.Target, error) {
	w := c.present.Load()
	if w == nil {
		return record.Target{}, errNoWatch
	}
	return w.AwaitReady(ctx, service)
}

// AwaitInstances returns when the service is Ready and that many of its instances are.
// The target lacks the Address.
func (c *Cluster) AwaitInstances(ctx context.Context, service string, instances int) (record.Target, error) {
	w := c.present.Load()
	if w == nil {
		return record.Target{}, errNoWatch
	}
	return w.AwaitInstances(ctx, service, instances)
}

// AwaitZero returns when no pod of the target is left, Terminating ones included, so
// that the next request is a cold start.
func (c *Cluster) AwaitZero(ctx context.Context, t record.Target) error {
	w := c.present.Load()
	if w == nil {
		return errNoWatch
	}
	return w.AwaitZero(ctx, t)
}

// AwaitRoute returns when a request for the target would get through the ingress.
func (c *Cluster) AwaitRoute(ctx context.Context, t record.Target) error {
	return ingress.AwaitRoute(ctx, t)
}

// AwaitTrouble returns an error as soon as it is clear that no instance of the target
// will become Ready, and nil when ctx ends first.
func (c *Cluster) AwaitTrouble(ctx context.Context, t record.Target) error {
	w := c.present.Load()
	if w == nil {
		return errNoWatch
	}
	return w.AwaitTrouble(ctx, t)
}

// Prove completes a sample with what the watches saw. What it filled in counts even
// when it fails.
func (c *Cluster) Prove(ctx context.Context, t record.Target, s *record.Sample) error {
	w := c.present.Load()
	if w == nil {
		return errNoWatch
	}
	return w.Prove(ctx, t, s)
}

// Instances counts the instances of a class. The zero key stands for all.
func (c *Cluster) Instances(class record.Key) record.InstanceCount {
	w := c.present.Load()
	if w == nil {
		return record.InstanceCount{}
	}
	return w.Instances(class)
}

// ImageID is the image that the kubelet ran last for a service, or "".
func (c *Cluster) ImageID(service string) string {
	w := c.present.Load()
	if w == nil {
		return ""
	}
	return w.ImageID(service)
}

// SampleUsage begins to read what nodes and instances use, until stop is called. It
// needs the watch, which knows the instances. sums is usage.Options.Sums.
func (c *Cluster) SampleUsage(ctx context.Context, clock record.Clock, sums time.Duration, emit func(record.Resource), event func(record.Event)) (stop func()) {
	sampler := usage.Start(ctx, usage.Options{Client: c.client, Clock: clock, Sums: sums, Emit: emit, OnEvent: event, Instances: c.alive})
	return sampler.Stop
}

// FollowPanic begins to tell whether the autoscaler is in its panic mode for the target,
// until stop is called.
func (c *Cluster) FollowPanic(ctx context.Context, clock record.Clock, t record.Target, event func(record.Event)) (stop func()) {
	return autoscaler.Follow(ctx, c.client, clock, t, event).Stop
}

// alive are the instances that exist.
func (c *Cluster) alive() []watch.Instance {
	w := c.present.Load()
	if w == nil {
		return nil
	}
	return w.Alive()
}
