package ksvc

import (
	"context"
	"fmt"
	"time"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

const (
	// TracingLease is the name of the lease, in Knative's namespace, of the run that
	// Knative reports its traces to.
	TracingLease = "kn-coldstart-tracing"
	// tracingPatience is how long other runs may keep the lease.
	tracingPatience = 30 * time.Minute
	// tracingPause is how often it is looked whether the lease is free.
	tracingPause = 2 * time.Second
)

// HoldTracing takes the lease of Knative's tracing. Knative reports to one endpoint, so
// runs that want traces at the same time take turns:
//
//	run A  hold ── TraceTo ── traced starts ── RestoreTracing ── release
//	run B  hold (waits for A, or until A's lease is stale) ───── TraceTo ── ...
//
// waiting is told the id of each run that is waited for.
func (c *Client) HoldTracing(ctx context.Context, run string, waiting func(run string)) (*Lease, error) {
	q := queue{client: c, wanted: newLease(SystemNamespace, TracingLease, run), waiting: waiting, began: time.Now()}
	held, err := q.wait(ctx)
	if err != nil {
		return nil, leaseError("take", q.wanted, err)
	}
	return c.keep(held), nil
}

// queue is one who waits for a lease that others hold.
type queue struct {
	client  *Client
	wanted  *coordination.Lease
	waiting func(run string)
	began   time.Time
	// seen is the lease as it was seen last, unchanged since then.
	seen  *coordination.Lease
	since time.Time
}

func (q *queue) wait(ctx context.Context) (*coordination.Lease, error) {
	for {
		now := metav1.NowMicro()
		q.wanted.Spec.AcquireTime, q.wanted.Spec.RenewTime = &now, &now
		found, err := q.client.acquire(ctx, q.wanted)
		if err != nil || holder(found) == holder(q.wanted) {
			return found, err
		}
		q.see(found)
		if looks(found) == Stale && time.Since(q.since) >= confirmation {
			taken, err := q.take(ctx, found)
			if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
				return taken, err
			}
		}
		if waited := time.Since(q.began); waited >= tracingPatience {
			return nil, &TimeoutError{Waited: waited, Last: fmt.Sprintf("run %s holds it", holder(found))}
		}
		if err := feed.Pause(ctx, nil, tracingPause); err != nil {
			return nil, err
		}
	}
}

// see notes whether the lease has changed.
func (q *queue) see(l *coordination.Lease) {
	if q.seen == nil || holder(q.seen) != holder(l) {
		q.waiting(holder(l))
	}
	if q.seen == nil || holder(q.seen) != holder(l) || !renewed(q.seen).Equal(renewed(l)) {
		q.seen, q.since = l, time.Now()
	}
}

// take takes over the lease of a dead run, unless it has changed meanwhile.
func (q *queue) take(ctx context.Context, found *coordination.Lease) (*coordination.Lease, error) {
	next := found.DeepCopy()
	next.Labels, next.Spec = q.wanted.Labels, q.wanted.Spec
	request, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewPause)
	defer cancel()
	return q.client.leases(next).Update(request, next, metav1.UpdateOptions{})
}
