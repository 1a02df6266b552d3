package ksvc

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
)

// createBackoff is how often a busy API is asked again, and after which pauses.
var createBackoff = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 8, Cap: 10 * time.Second}

// deleteBackoff is more patient than createBackoff, a minute in all, because what is
// not deleted now stays.
var deleteBackoff = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 11}

// busy says that the same request may well succeed in a moment. When Knative's
// webhook cannot be reached in time, that comes back as an internal error.
func busy(err error) bool {
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsConflict(err) || away(err) ||
		apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook")
}

// passing says that a request may succeed later, although perhaps not in a moment: the
// server, what is in front of it, or the way to it has a problem that the request did not
// cause. A server that never answered is no such case.
func passing(err error) bool {
	if errors.As(err, new(*UnreachableError)) {
		return false
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Code >= http.StatusInternalServerError {
		return true
	}
	var network net.Error // DNS, TLS and no route included: client-go wraps them all in a *url.Error
	return busy(err) || errors.As(err, &network)
}

// away says that an API server that was there went away, as one that restarts does.
func away(err error) bool {
	if errors.As(err, new(*UnreachableError)) {
		return false // it was never there
	}
	return utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) ||
		utilnet.IsHTTP2ConnectionLost(err)
}

// retryBusy calls do until it succeeds, or fails for a reason that waiting does not
// mend. It waits as long as the server's Retry-After asks for.
func retryBusy(ctx context.Context, backoff wait.Backoff, do func() error) error {
	return retry(ctx, backoff, func(err error, steps int) bool { return busy(err) && steps > 1 }, do)
}

// retryPassing is retryBusy for cleaning up. It goes on until ctx ends.
func retryPassing(ctx context.Context, do func() error) error {
	return retry(ctx, deleteBackoff, func(err error, _ int) bool { return passing(err) }, do)
}

// retry calls do as long as again says so of its error and the steps that are left. When
// there are none, the last pause is made again.
func retry(ctx context.Context, backoff wait.Backoff, again func(err error, steps int) bool, do func() error) error {
	for {
		err := do()
		if err == nil || !again(err, backoff.Steps) {
			return err
		}
		pause := backoff.Step()
		if after, ok := apierrors.SuggestsClientDelay(err); ok {
			pause = max(pause, time.Duration(after)*time.Second)
		}
		tellAgain(err, pause)
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// inFlight is how many requests are under way when many objects are created or
// deleted. Knative's webhook answers each of them.
const inFlight = 16

// Progress is told how many of total are done. It is called from one goroutine at
// a time.
type Progress func(done, total int)

// parallel calls do for each item, some at a time, until one fails.
func parallel[T any](ctx context.Context, items []T, progress Progress, do func(context.Context, T) error) error {
	var mu sync.Mutex
	done := 0
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	for _, item := range items {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := do(inner, item); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			if progress != nil {
				progress(done, len(items))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}
