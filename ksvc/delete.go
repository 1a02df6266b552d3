package ksvc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// defaultDeletePatience is Knative's default limit of a request. A pod that still
// answers one may take that long to end.
const defaultDeletePatience = 10 * time.Minute

var adviseDeleteAgain = NewAdvice("run `kn-coldstart clean` again; `kubectl describe` of what is left says what holds it")

// DeleteOptions say what is deleted, and how long to wait for it.
type DeleteOptions struct {
	// Runs are the runs whose services go. If there are none, those of every run go.
	Runs []string
	// AllNamespaces means every namespace, not only the client's.
	AllNamespaces bool
	// KeepWorkers leaves the workers of the runs, which send requests.
	KeepWorkers bool
	// InOrder keeps each object until what it owns is gone. Otherwise the service goes
	// first, which is quicker, but is not safe for a minute after the API server has
	// restarted: Knative, which sees late that the service is gone, replaces its
	// Configuration by another of that name when the garbage collector deletes it. The
	// garbage collector, late too, takes the two for one that has changed, and what belonged
	// to the first stays for ever. Revisions and Deployments have the same happen to them.
	InOrder bool
	// Patience is how long it may take until something more is gone; 0 means 10
	// minutes. How long the whole takes depends on how much there is.
	Patience time.Duration
	// Progress is told how many objects are gone: services, their pods, and what
	// Knative makes of a service to get to pods.
	Progress Progress
}

// Deleted is what Delete removed.
type Deleted struct{ Services, Pods int }

// Delete deletes the services that carry this program's label, and returns when they
// and their pods are gone. It touches nothing without the label. If the API server has
// answered this client before, Delete goes on while the server restarts. If it never
// has, Delete fails within ContactLimit.
//
// Where Delete is to clean up, ctx should not be one that Ctrl-C has cancelled.
func (c *Client) Delete(ctx context.Context, o DeleteOptions) (Deleted, error) {
	d := &deletion{client: c, runs: o.Runs, namespace: c.Namespace, keepWorkers: o.KeepWorkers, order: metav1.DeletePropagationBackground}
	if o.InOrder {
		d.order = metav1.DeletePropagationForeground
	}
	if o.AllNamespaces {
		d.namespace = metav1.NamespaceAll
	}
	if err := c.Reach(ctx); err != nil {
		return Deleted{}, fmt.Errorf("delete services in %s: %w", d.where(), err)
	}
	began := time.Now()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	patience := cmp.Or(o.Patience, defaultDeletePatience)
	stalled := time.AfterFunc(patience, func() { giveUp(context.DeadlineExceeded) })
	defer stalled.Stop()

	c.awaitServer(ctx)
	gone := newDeparture(traceOf(ctx), func(done, total int) {
		stalled.Reset(patience)
		if o.Progress != nil {
			o.Progress(done, total)
		}
	})
	err := d.deleteAndWait(ctx, gone)
	done, left := gone.result()
	if err != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		err = &TimeoutError{Waited: time.Since(began), Last: left}
	}
	if err != nil {
		err = WithHint(fmt.Errorf("delete services in %s: %w", d.where(), err), adviseDeleteAgain)
	}
	return done, err
}

// deletion is one Delete.
type deletion struct {
	client    *Client
	runs      []string
	namespace string // empty for all
	// keepWorkers leaves workers alone.
	keepWorkers bool
	// order says whether the service goes before or after what it owns.
	order metav1.DeletionPropagation
}

func (d *deletion) deleteAndWait(ctx context.Context, gone *departure) error {
	if err := gone.arm(ctx, d.remnants()); err != nil {
		return err
	}
	deleted := d.deleteServices(ctx)
	if !d.keepWorkers {
		deleted = errors.Join(deleted, d.deleteJobs(ctx))
	}
	if deleted != nil {
		return deleted
	}
	if d.order == metav1.DeletePropagationForeground {
		return gone.settled(ctx)
	}
	return gone.wait(ctx)
}

func (d *deletion) where() string {
	if d.namespace == metav1.NamespaceAll {
		return "all namespaces"
	}
	return "namespace " + d.namespace
}

func (d *deletion) selector() metav1.ListOptions {
	selector := Selector(d.runs...)
	if d.keepWorkers {
		selector += ",!" + LabelWorker
	}
	return metav1.ListOptions{LabelSelector: selector}
}

// remnants are the feeds of what Delete waits for. These are not only services and
// pods, since a deployment that is still there could make another pod.
func (d *deletion) remnants() []feed.Feed {
	c, in, o := d.client, d.namespace, d.selector()
	return []feed.Feed{
		feed.New(feed.Services, o, c.Serving.ServingV1().Services(in)),
		feed.New(feed.Deployments, o, c.Kubernetes.AppsV1().Deployments(in)),
		feed.New(feed.Autoscalers, o, c.Serving.AutoscalingV1alpha1().PodAutoscalers(in)),
		feed.New(feed.Routing, o, c.Networking.NetworkingV1alpha1().ServerlessServices(in)),
		feed.New(feed.Pods, o, c.Kubernetes.CoreV1().Pods(in)),
	}
}

// deleteServices asks for the deletion of each service. One that fails does not
// keep the others.
func (d *deletion) deleteServices(ctx context.Context) error {
	var list *servingv1.ServiceList
	err := retryPassing(ctx, func() (err error) {
		list, err = d.client.Serving.ServingV1().Services(d.namespace).List(ctx, d.selector())
		return err
	})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var errs []error
	err = parallel(ctx, list.Items, nil, func(ctx context.Context, s servingv1.Service) error {
		if err := d.deleteService(ctx, s); err != nil {
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, fmt.Errorf("delete service %s/%s: %w", s.Namespace, s.Name, err))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// deleteService asks for the deletion of one service. It gives the UID along, so that
// another service that was made under the same name meanwhile stays.
func (d *deletion) deleteService(ctx context.Context, s servingv1.Service) error {
	o := metav1.DeleteOptions{PropagationPolicy: &d.order}
	if s.UID != "" {
		o.Preconditions = &metav1.Preconditions{UID: &s.UID}
	}
	request := whenSent(ctx, traceOf(ctx).DeleteSent, s.Name)
	err := retryPassing(ctx, func() error {
		return d.client.Serving.ServingV1().Services(s.Namespace).Delete(request, s.Name, o)
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // gone, or its name belongs to another by now
	}
	return err
}
