package ksvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

const (
	// leaseTerm is after how long a lease that was not renewed is stale. API servers
	// restart in less.
	leaseTerm = time.Minute
	// renewPause is how often a lease is renewed. No request for one takes longer.
	renewPause = leaseTerm / 4
	// releaseLimit bounds the removal of a lease.
	releaseLimit = time.Minute
)

// Lease says that a run is alive. This process holds it and renews it until Release.
//
// Package leaderelection of client-go does not fit: it leaves its lease behind, its
// leader has to stop when the API server is away for some seconds, while a run measures
// on, and a candidate does not learn whom it waits for.
type Lease struct {
	client *Client
	stop   context.CancelFunc
	ended  chan struct{}
	// object is the lease as the server has it; it belongs to keep until that has ended.
	object *coordination.Lease
}

// HoldRun takes the lease of a run in the client's namespace, which says that what the
// run creates there is in use.
func (c *Client) HoldRun(ctx context.Context, run string) (*Lease, error) {
	wanted := newLease(c.Namespace, runLeasePrefix+run, run)
	held, err := c.acquire(ctx, wanted)
	if err == nil && holder(held) != run {
		err = fmt.Errorf("run %s holds it", holder(held))
	}
	if err != nil {
		return nil, leaseError("take", wanted, err)
	}
	return c.keep(held), nil
}

// runLeasePrefix precedes the run's id in the name of its lease.
const runLeasePrefix = "kn-coldstart-"

func newLease(namespace, name, run string) *coordination.Lease {
	seconds, now := int32(leaseTerm/time.Second), metav1.NowMicro()
	return &coordination.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: runLabels(run, "", "")},
		Spec: coordination.LeaseSpec{
			HolderIdentity: &run, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now,
		},
	}
}

func leaseError(verb string, l *coordination.Lease, err error) error {
	err = fmt.Errorf("%s lease %s/%s: %w", verb, l.Namespace, l.Name, err)
	if apierrors.IsForbidden(err) {
		return WithHint(err, advisePermissions)
	}
	return err
}

func (c *Client) leases(of *coordination.Lease) v1.LeaseInterface {
	return c.Kubernetes.CoordinationV1().Leases(of.Namespace)
}

// acquire creates a lease, or returns the one that there is. A request that is under way
// when ctx ends is waited for, so that Release finds what it made.
func (c *Client) acquire(ctx context.Context, wanted *coordination.Lease) (*coordination.Lease, error) {
	var got *coordination.Lease
	err := retryBusy(ctx, createBackoff, func() (err error) {
		if err := ctx.Err(); err != nil {
			return err
		}
		request, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewPause)
		defer cancel()
		got, err = c.leases(wanted).Create(request, wanted, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			got, err = c.leases(wanted).Get(request, wanted.Name, metav1.GetOptions{})
		}
		if apierrors.IsNotFound(err) && ctx.Err() == nil {
			// It went meanwhile, or the namespace is not there, which the next try tells.
			got, err = c.leases(wanted).Create(request, wanted, metav1.CreateOptions{})
		}
		return err
	})
	return got, err
}

// keep renews a lease that this process holds, until it is released or taken.
func (c *Client) keep(held *coordination.Lease) *Lease {
	ctx, stop := context.WithCancel(context.Background())
	l := &Lease{client: c, stop: stop, ended: make(chan struct{}), object: held}
	go func() {
		defer close(l.ended)
		for feed.Pause(ctx, nil, renewPause) == nil {
			if errors.Is(l.renew(), errTaken) {
				return
			}
		}
	}()
	return l
}

// errTaken says that a lease which was not renewed in time went to another run.
var errTaken = errors.New("another run has taken it")

// renew renews the lease once. A failure is made good by the next time. A lease that
// somebody has deleted is created anew.
func (l *Lease) renew() error {
	ctx, cancel := context.WithTimeout(context.Background(), renewPause)
	defer cancel()
	leases, now := l.client.leases(l.object), metav1.NowMicro()
	next := l.object.DeepCopy()
	next.Spec.RenewTime = &now
	got, err := leases.Update(ctx, next, metav1.UpdateOptions{})
	switch {
	case apierrors.IsNotFound(err):
		got, err = leases.Create(ctx, newLease(next.Namespace, next.Name, holder(next)), metav1.CreateOptions{})
	case apierrors.IsConflict(err):
		got, err = leases.Get(ctx, next.Name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	if holder(got) != holder(next) {
		return errTaken
	}
	l.object = got
	return nil
}

// Release ends the renewing and removes the lease, also when ctx has ended. A nil lease
// needs no release, and a second one does nothing.
func (l *Lease) Release(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.stop()
	<-l.ended
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), releaseLimit, fmt.Errorf("not within %v", releaseLimit))
	defer cancel()
	return l.client.removeLease(ctx, l.object)
}

// removeLease removes a lease unless another run has taken it.
func (c *Client) removeLease(ctx context.Context, l *coordination.Lease) error {
	err := retryPassing(ctx, func() error {
		found, err := c.leases(l).Get(ctx, l.Name, metav1.GetOptions{})
		if err != nil || holder(found) != holder(l) {
			return err
		}
		only := metav1.Preconditions{UID: &found.UID, ResourceVersion: &found.ResourceVersion}
		return c.leases(l).Delete(ctx, l.Name, metav1.DeleteOptions{Preconditions: &only})
	})
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return leaseError("remove", l, err)
}

func holder(l *coordination.Lease) string {
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}
