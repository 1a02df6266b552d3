package ksvc

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// awaitServer waits for a while until the API server says that it is ready, if it
// says anything. One that is just starting answers 404 for resources that it will
// know in a moment. Kubernetes' garbage collector takes that for an answer: it
// forgets the dependents of what is deleted just then, and they stay for good.
func (c *Client) awaitServer(ctx context.Context) {
	server := c.Kubernetes.Discovery().RESTClient()
	if server == nil {
		return // a fake
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
