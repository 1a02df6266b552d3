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
	"k8s.io/apimachinery/pkg/util/wait"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
)

// defaultDeletePatience is as long as Knative's default maximum for a request,
// which a pod that still answers may take to end.
const defaultDeletePatience = 10 * time.Minute

// deleteBackoff is more patient than createBackoff, a minute in all: what is not
// deleted now stays.
var deleteBackoff = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 11}

// DeleteOptions say what is deleted, and how long to wait for it.
type DeleteOptions struct {
	// Run is the run whose services go; empty means every run's.
	Run string
	// Patience is how long it may take until something more is gone; 0 means 10
	// minutes. How long the whole takes depends on how much there is. ctx should
	// not be one that Ctrl-C has cancelled.
	Patience time.Duration
	// Progress is told how many of the services, pods and what stands between
	// them are gone.
	Progress Progress
}

// Deleted is what Delete removed.
type Deleted struct{ Services, Pods int }

// Delete deletes the services that carry this program's label, in the client's
// namespace, or in all if that is empty, and returns when they and their pods
// are gone. It touches nothing without the label.
func (c *Client) Delete(ctx context.Context, o DeleteOptions) (Deleted, error) {
	began := time.Now()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	patience := cmp.Or(o.Patience, defaultDeletePatience)
	stalled := time.AfterFunc(patience, func() { giveUp(context.DeadlineExceeded) })
	defer stalled.Stop()

	c.awaitServer(ctx)
	gone := newDeparture(func(done, total int) {
		stalled.Reset(patience)
		if o.Progress != nil {
			o.Progress(done, total)
		}
	})
	err := c.deleteAndWait(ctx, o.Run, gone)
	done, left := gone.result()
	if err != nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		err = &TimeoutError{Waited: time.Since(began), Last: left}
	}
	if err != nil {
		err = withHint(fmt.Errorf("delete services in %s: %w", c.where(), err),
			"run `kn-coldstart clean` again; `kubectl describe` of what is left says what holds it")
	}
	return done, err
}

func (c *Client) deleteAndWait(ctx context.Context, run string, gone *departure) error {
	if err := gone.arm(ctx, c.remnants(run)); err != nil {
		return err
	}
	if err := c.deleteServices(ctx, run); err != nil {
		return err
	}
	return gone.wait(ctx)
}

func (c *Client) where() string {
	if c.Namespace == "" {
		return "all namespaces"
	}
	return "namespace " + c.Namespace
}

// remnants are the sources of what Delete waits for: not only services and pods,
// since a deployment that is still there could make another pod.
func (c *Client) remnants(run string) []source {
	o := metav1.ListOptions{LabelSelector: selector(run)}
	return []source{
		newSource(watchedServices, o, c.Serving.ServingV1().Services(c.Namespace)),
		newSource(watchedDeployments, o, c.Kubernetes.AppsV1().Deployments(c.Namespace)),
		newSource(watchedAutoscalers, o, c.Serving.AutoscalingV1alpha1().PodAutoscalers(c.Namespace)),
		newSource(watchedRouting, o, c.Networking.NetworkingV1alpha1().ServerlessServices(c.Namespace)),
		newSource(watchedPods, o, c.Kubernetes.CoreV1().Pods(c.Namespace)),
	}
}

// deleteServices asks for the deletion of each service; one that fails does not
// keep the others. The UID guards against a namesake that was made meanwhile.
func (c *Client) deleteServices(ctx context.Context, run string) error {
	var list *servingv1.ServiceList
	err := retryBusy(ctx, deleteBackoff, func() (err error) {
		list, err = c.Serving.ServingV1().Services(c.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector(run)})
		return err
	})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var errs []error
	err = parallel(ctx, list.Items, 0, nil, func(ctx context.Context, s servingv1.Service) error {
		if err := c.deleteService(ctx, s); err != nil {
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, fmt.Errorf("delete service %s/%s: %w", s.Namespace, s.Name, err))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

func (c *Client) deleteService(ctx context.Context, s servingv1.Service) error {
	background := metav1.DeletePropagationBackground
	o := metav1.DeleteOptions{PropagationPolicy: &background}
	if s.UID != "" {
		o.Preconditions = &metav1.Preconditions{UID: &s.UID}
	}
	err := retryBusy(ctx, deleteBackoff, func() error {
		return c.Serving.ServingV1().Services(s.Namespace).Delete(ctx, s.Name, o)
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // gone, or its name belongs to another by now
	}
	return err
}
