package ksvc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	batch "k8s.io/api/batch/v1"
	coordination "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// Left is what there is of one run in one namespace.
type Left struct {
	Run, Namespace string
	Services, Pods int
	// Since is when the oldest of it was created.
	Since time.Time
	// Liveness is whether the run is under way, Renewed when it last said so, if ever.
	Liveness Liveness
	Renewed  time.Time
	// Tracing says that it is Knative's tracing, which the run has changed.
	Tracing bool

	lease *coordination.Lease
}

// Left says what there is of runs, those that are under way included: in the client's
// namespace, or in all, and of Knative's tracing. Where a lease looks stale that takes
// half a minute, in which a run that lives renews it.
func (c *Client) Left(ctx context.Context, allNamespaces bool) ([]Left, error) {
	in := c.Namespace
	if allNamespaces {
		in = metav1.NamespaceAll
	}
	if err := c.Reach(ctx); err != nil {
		return nil, fmt.Errorf("look for what runs have left: %w", err)
	}
	first, err := c.look(ctx, in)
	if err != nil || !slices.ContainsFunc(first, func(l Left) bool { return l.Liveness == Stale }) {
		return first, err
	}
	if err := feed.Pause(ctx, nil, confirmation); err != nil {
		return nil, err
	}
	again, err := c.look(ctx, in)
	for i := range again {
		if l := &again[i]; l.Liveness == Stale && !slices.ContainsFunc(first, l.unchanged) {
			l.Liveness = Alive
		}
	}
	return again, err
}

// unchanged says that the lease was not renewed since before.
func (l *Left) unchanged(before Left) bool {
	return before.Run == l.Run && before.Namespace == l.Namespace && before.Tracing == l.Tracing &&
		before.lease != nil && before.Renewed.Equal(l.Renewed)
}

// look lists what there is. Leases come last: a run takes its own before it creates
// anything.
func (c *Client) look(ctx context.Context, in string) ([]Left, error) {
	ours, found := metav1.ListOptions{LabelSelector: Selector()}, leftovers{}
	services, err := listed(ctx, func() (*servingv1.ServiceList, error) { return c.Serving.ServingV1().Services(in).List(ctx, ours) })
	if err != nil {
		return nil, fmt.Errorf("list services of runs: %w", err)
	}
	pods, err := listed(ctx, func() (*corev1.PodList, error) { return c.Kubernetes.CoreV1().Pods(in).List(ctx, ours) })
	if err != nil {
		return nil, fmt.Errorf("list pods of runs: %w", err)
	}
	workers := metav1.ListOptions{LabelSelector: ours.LabelSelector + "," + LabelWorker} // Jobs of runs in pods are found another way
	jobs, err := listed(ctx, func() (*batch.JobList, error) { return c.Kubernetes.BatchV1().Jobs(in).List(ctx, workers) })
	if apierrors.IsForbidden(err) { // who may not see Jobs has had no workers
		jobs, err = &batch.JobList{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list workers of runs: %w", err)
	}
	leases, err := listed(ctx, func() (*coordination.LeaseList, error) {
		return c.Kubernetes.CoordinationV1().Leases(in).List(ctx, ours)
	})
	if err != nil {
		return nil, fmt.Errorf("list leases of runs: %w", err)
	}
	for i := range services.Items {
		found.of(&services.Items[i]).Services++
	}
	for i := range pods.Items {
		found.of(&pods.Items[i]).Pods++
	}
	for i := range jobs.Items {
		found.of(&jobs.Items[i])
	}
	for i := range leases.Items {
		if l := &leases.Items[i]; l.Name != TracingLease {
			found.of(l).lease = l
		}
	}
	all := found.list()
	tracing, err := c.lookAtTracing(ctx)
	if tracing != nil {
		all = append(all, *tracing)
	}
	return all, err
}

// listed lists, and again while an error passes.
func listed[T any](ctx context.Context, list func() (T, error)) (all T, err error) {
	err = retryBusy(ctx, createBackoff, func() (err error) {
		all, err = list()
		return err
	})
	return all, err
}

// lookAtTracing says whose change of Knative's tracing there is, or whose lease of it.
func (c *Client) lookAtTracing(ctx context.Context) (*Left, error) {
	m, err := c.Kubernetes.CoreV1().ConfigMaps(SystemNamespace).Get(ctx, ObservabilityConfig, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // Knative is not there
	}
	if err != nil {
		return nil, fmt.Errorf("read ConfigMap %s/%s: %w", SystemNamespace, ObservabilityConfig, err)
	}
	change, err := readChange(m)
	if err != nil {
		return nil, configError("read", err)
	}
	lease, err := c.Kubernetes.CoordinationV1().Leases(SystemNamespace).Get(ctx, TracingLease, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err) && change == nil: // who has no traces need not see it
		lease = nil
	case err != nil:
		return nil, leaseError("read", newLease(SystemNamespace, TracingLease, ""), err)
	}
	if change == nil && lease == nil {
		return nil, nil
	}
	found := &Left{Namespace: SystemNamespace, Tracing: true, lease: lease}
	found.judge()
	if change != nil {
		found.Run = change.Run
	}
	if change == nil || found.Liveness == Alive { // who has the lease undoes the change of a dead run
		found.Run = holder(lease)
	}
	return found, nil
}

// judge fills in what the lease says.
func (l *Left) judge() {
	l.Liveness, l.Renewed = looks(l.lease), renewed(l.lease)
	if l.lease != nil && l.lease.Spec.AcquireTime != nil && l.Since.IsZero() {
		l.Since = l.lease.Spec.AcquireTime.Time
	}
}

// leftovers are what there is of runs, by namespace and run.
type leftovers map[[2]string]*Left

// of is what there is of the run that the object belongs to.
func (f leftovers) of(o metav1.Object) *Left {
	key := [2]string{o.GetNamespace(), o.GetLabels()[LabelRun]}
	l := f[key]
	if l == nil {
		l = &Left{Namespace: key[0], Run: key[1]}
		f[key] = l
	}
	if created := o.GetCreationTimestamp().Time; l.Since.IsZero() || created.Before(l.Since) {
		l.Since = created
	}
	return l
}

// list is all of it, in order of namespace and run. What names no run is not ours.
func (f leftovers) list() []Left {
	var all []Left
	for _, l := range f {
		if l.Run != "" {
			l.judge()
			all = append(all, *l)
		}
	}
	slices.SortFunc(all, func(a, b Left) int { return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Run, b.Run)) })
	return all
}
