package ksvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// Activator is the name of Knative's activator: of its deployment, and in the
// answers that it gives to network probes.
const Activator = "activator"

// annotationRestarted makes a deployment replace its pods.
const annotationRestarted = "kn-coldstart.dev/restarted-at"

// RestartActivator replaces the activator's pods, so that it reads its settings
// anew, and returns when the new ones serve. It tries until ctx ends.
func (c *Client) RestartActivator(ctx context.Context) error {
	deployments := c.Kubernetes.AppsV1().Deployments(SystemNamespace)
	body := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{%q:%q}}}}}`,
		annotationRestarted, time.Now().UTC().Format(time.RFC3339Nano))
	var changed *appsv1.Deployment
	err := retryPassing(ctx, func() (err error) {
		changed, err = deployments.Patch(ctx, Activator, types.MergePatchType, body, metav1.PatchOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("restart deployment %s/%s: %w", SystemNamespace, Activator, err)
	}
	if err := c.awaitRollout(ctx, changed.Generation); err != nil {
		return fmt.Errorf("wait for deployment %s/%s to restart: %w", SystemNamespace, Activator, err)
	}
	return nil
}

var errNotRolledOut = errors.New("its new pods are not ready")

// awaitRollout asks now and then. A watch would not pay for one deployment and a few
// seconds in which nothing is measured.
func (c *Client) awaitRollout(ctx context.Context, generation int64) error {
	for again := 100 * time.Millisecond; ; again = min(2*again, time.Second) {
		var d *appsv1.Deployment
		err := retryPassing(ctx, func() (err error) {
			d, err = c.Kubernetes.AppsV1().Deployments(SystemNamespace).Get(ctx, Activator, metav1.GetOptions{})
			return err
		})
		if err != nil {
			return err
		}
		s, want := d.Status, int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		if s.ObservedGeneration >= generation && s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want {
			return nil
		}
		if feed.Pause(ctx, nil, again) != nil {
			return errors.Join(errNotRolledOut, ctx.Err())
		}
	}
}
