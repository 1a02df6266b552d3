package ksvc

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// shortGrace is the grace period, in seconds, of a pod that is ended sooner. It is not
// 0: that would remove the pod from the API at once, whether its containers still run
// or not. The kubelet makes two seconds of it.
const shortGrace = 1

// PodID names a pod.
type PodID struct {
	Namespace, Name string
	UID             types.UID
}

var adviseEndPods = NewAdvice("allow the verb delete on pods in the namespace of the run, as templates/rbac.yaml does")

// EndSooner deletes pods with a short grace period. It is for pods that are about to be
// deleted anyway: of themselves they take half a minute, because queue-proxy serves on
// until every router has forgotten the pod.
func (c *Client) EndSooner(ctx context.Context, pods []PodID) error {
	return parallel(ctx, pods, nil, c.endSooner)
}

// endSooner deletes one pod. The UID keeps another pod of the same name from being
// deleted.
func (c *Client) endSooner(ctx context.Context, p PodID) error {
	grace := int64(shortGrace)
	o := metav1.DeleteOptions{GracePeriodSeconds: &grace}
	if p.UID != "" {
		o.Preconditions = &metav1.Preconditions{UID: &p.UID}
	}
	err := retryBusy(ctx, createBackoff, func() error {
		err := c.Kubernetes.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, o)
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil // it is gone already
		}
		return err
	})
	if err != nil {
		return WithHint(fmt.Errorf("end pod %s/%s: %w", p.Namespace, p.Name, err), adviseEndPods)
	}
	return nil
}
