package ksvc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// createBackoff is how often and after which pauses a busy API is asked again.
var createBackoff = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 8, Cap: 10 * time.Second}

// defaultParallel is how many requests are in flight when many objects are
// created or deleted. Knative's webhook answers each of them.
const defaultParallel = 16

// Progress is told how many of total are done. It is called from one goroutine
// at a time.
type Progress func(done, total int)

// CreateOptions are how many services are created.
type CreateOptions struct {
	// Parallel is how many creations are in flight; 0 means 16.
	Parallel int
	Progress Progress
}

// CreateAll creates the services of a run in the client's namespace. All are
// rendered before the first is created, so that a bad value creates nothing. It
// stops at the first failure and returns it; what was created stays, and Delete
// with the run's id removes it.
func (c *Client) CreateAll(ctx context.Context, run string, services []templates.Service, o CreateOptions) error {
	rendered := make([]*servingv1.Service, len(services))
	for i, s := range services {
		s.Namespace = c.Namespace
		r, err := newService(run, s)
		if err != nil {
			return fmt.Errorf("create service %s/%s: %w", c.Namespace, s.Name, err)
		}
		rendered[i] = r
	}
	return parallel(ctx, rendered, o.Parallel, o.Progress, c.create)
}

// create creates one service, backing off while the API server or Knative's
// webhook is too busy. A creation whose answer was lost is recognised by the
// run's label.
func (c *Client) create(ctx context.Context, s *servingv1.Service) error {
	tries := 0
	err := retryBusy(ctx, createBackoff, func() error {
		tries++
		_, err := c.Serving.ServingV1().Services(s.Namespace).Create(ctx, s, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) && tries > 1 && c.owns(ctx, s) {
			return nil
		}
		return err
	})
	if err != nil {
		return withHint(fmt.Errorf("create service %s/%s: %w", s.Namespace, s.Name, err), createHint(err, s.Namespace))
	}
	return nil
}

func (c *Client) owns(ctx context.Context, s *servingv1.Service) bool {
	found, err := c.Serving.ServingV1().Services(s.Namespace).Get(ctx, s.Name, metav1.GetOptions{})
	return err == nil && found.Labels[LabelRun] == s.Labels[LabelRun]
}

func createHint(err error, namespace string) string {
	switch text := err.Error(); {
	case apierrors.IsForbidden(err) && strings.Contains(text, "quota"):
		return "raise the namespace's ResourceQuota, or ask for fewer services"
	case apierrors.IsForbidden(err):
		return "apply the permissions that `kn-coldstart doctor` lists as missing"
	case apierrors.IsAlreadyExists(err):
		return "remove what an earlier run left with `kn-coldstart clean -n " + namespace + "`"
	case strings.Contains(text, "runtimeClassName"):
		return "set kubernetes.podspec-runtimeclassname: enabled in ConfigMap knative-serving/config-features"
	case strings.Contains(text, "initial-scale"):
		return "set allow-zero-initial-scale: \"true\" in ConfigMap knative-serving/config-autoscaler"
	case apierrors.IsNotFound(err):
		return "create the namespace with `kubectl create namespace " + namespace + "`"
	}
	return ""
}

// busy says that the same request may well succeed in a moment. Knative's
// webhook that cannot be reached in time comes back as an internal error.
func busy(err error) bool {
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsConflict(err) || unreachable(err) ||
		apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook")
}

// unreachable says that the API server went away, as one that restarts does.
func unreachable(err error) bool {
	return utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) ||
		utilnet.IsHTTP2ConnectionLost(err)
}

// retryBusy calls do until it succeeds or fails for a reason that waiting does
// not mend; the server's Retry-After is obeyed.
func retryBusy(ctx context.Context, backoff wait.Backoff, do func() error) error {
	for {
		err := do()
		if err == nil || !busy(err) || backoff.Steps <= 1 {
			return err
		}
		pause := backoff.Step()
		if after, ok := apierrors.SuggestsClientDelay(err); ok {
			pause = max(pause, time.Duration(after)*time.Second)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// parallel calls do for each item, at most limit at once, until one fails.
func parallel[T any](ctx context.Context, items []T, limit int, progress Progress, do func(context.Context, T) error) error {
	if limit <= 0 {
		limit = defaultParallel
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		done  int
		slots = make(chan struct{}, limit)
	)
	for _, item := range items {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(ctx, item); err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			if progress != nil {
				progress(done, len(items))
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
