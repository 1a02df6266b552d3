package ksvc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/version"
)

// ContactLimit is how long the API server may take to answer the first request of
// a Client. A server that has answered once is waited for more patiently, as it may
// be one that restarts.
const ContactLimit = 8 * time.Second

var adviseReach = NewAdvice("check that the cluster runs and that --kubeconfig and --context name it")

// UnreachableError says that an API server has never answered.
type UnreachableError struct {
	// Server is its address.
	Server string
	err    error
}

// errSilent is a server that takes packets, or swallows them, and says nothing.
var errSilent = errors.New("no answer in time")

// Error names the server.
func (e *UnreachableError) Error() string {
	if errors.Is(e.err, errSilent) {
		return fmt.Sprintf("API server %s did not answer within %v", e.Server, ContactLimit)
	}
	return fmt.Sprintf("API server %s cannot be reached: %v", e.Server, e.err)
}

// Unwrap is what went wrong.
func (e *UnreachableError) Unwrap() error { return e.err }

// Hint says what to do.
func (e *UnreachableError) Hint() string { return adviseReach.text }

// wrap puts what every request of the client passes through before a transport.
func (c *Client) wrap(next http.RoundTripper) http.RoundTripper { return &contact{c, next} }

// contact counts requests, and bounds them until the server has answered one.
type contact struct {
	client *Client
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *contact) RoundTrip(r *http.Request) (*http.Response, error) {
	t.client.requests.Add(1)
	sending(r.Context())
	sent := time.Now()
	answer, err := t.bounded(r)
	tellRequest(r, sent, answer, err)
	return answer, err
}

// bounded makes a request, which may take no longer than ContactLimit before the server
// has answered one.
func (t *contact) bounded(r *http.Request) (*http.Response, error) {
	if !t.client.untried.Load() {
		return t.next.RoundTrip(r)
	}
	// The context outlives this call, because the body is read under it.
	ctx, cancel := context.WithCancelCause(r.Context())
	limit := time.AfterFunc(ContactLimit, func() { cancel(errSilent) })
	defer limit.Stop()
	answer, err := t.next.RoundTrip(r.WithContext(ctx))
	if err == nil {
		t.client.untried.Store(false)
		return answer, nil
	}
	cause := context.Cause(ctx)
	cancel(err)
	switch {
	case errors.Is(cause, errSilent):
		err = &UnreachableError{t.client.Server, errSilent}
	case cause == nil:
		err = &UnreachableError{t.client.Server, err}
	}
	return nil, err
}

// Reach makes sure that the API server has answered this client at least once. Its
// error is an UnreachableError and comes within ContactLimit.
func (c *Client) Reach(ctx context.Context) error {
	if !c.untried.Load() {
		return nil
	}
	_, err := c.Version(ctx)
	if !c.untried.Load() {
		return nil // it answered, if only that it does not tell its version
	}
	return err
}

// Version is the API server's.
func (c *Client) Version(ctx context.Context) (*version.Info, error) {
	v, err := Ask(ctx, c.Kubernetes.Discovery().ServerVersion)
	if unreachable := (*UnreachableError)(nil); errors.As(err, &unreachable) {
		return nil, unreachable // without the URL that was asked for
	}
	if err != nil {
		return nil, WithHint(fmt.Errorf("ask API server %s for its version: %w", c.Server, err), adviseReach)
	}
	return v, nil
}

// Ask calls something that takes no context, and does not wait for it longer than
// ctx lasts.
func Ask[T any](ctx context.Context, question func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		value, err := question()
		answered <- answer{value, err}
	}()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// awaitServer waits for a while until the API server says that it is ready. A server
// that is just starting answers 404 for resources that it will know in a moment.
// Kubernetes' garbage collector takes that for an answer: it forgets what depends on
// objects that are deleted just then, and what depends on them stays for good.
func (c *Client) awaitServer(ctx context.Context) {
	server := c.Kubernetes.Discovery().RESTClient()
	if server == nil {
		return // the clientset of a test
	}
	for backoff := deleteBackoff; backoff.Steps > 0; {
		err := server.Get().AbsPath("/readyz").Do(ctx).Error()
		if err == nil || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err) {
			return
		}
		select {
		case <-time.After(backoff.Step()):
		case <-ctx.Done():
			return
		}
	}
}
