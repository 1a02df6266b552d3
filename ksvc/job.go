package ksvc

import (
	"context"
	"fmt"
	"slices"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// JobFinished says that a Job has ended, one way or the other.
func JobFinished(j *batch.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, EndsJob)
}

// EndsJob says whether a condition is that of a Job that has ended.
func EndsJob(c batch.JobCondition) bool {
	return (c.Type == batch.JobComplete || c.Type == batch.JobFailed) && c.Status == corev1.ConditionTrue
}

// JobWarning is what Kubernetes last reported about a Job, such as why it can create no pod,
// or "".
func (c *Client) JobWarning(ctx context.Context, namespace, name string) string {
	events, err := c.Kubernetes.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return ""
	}
	text := ""
	for _, e := range events.Items {
		if e.InvolvedObject.Kind == "Job" && e.InvolvedObject.Name == name && e.Type == corev1.EventTypeWarning {
			text = e.Message
		}
	}
	return text
}

// PatchJob changes the spec of a Job.
func (c *Client) PatchJob(ctx context.Context, namespace, name, spec string) error {
	text := fmt.Appendf(nil, `{"spec":%s}`, spec)
	_, err := c.Kubernetes.BatchV1().Jobs(namespace).Patch(ctx, name, types.MergePatchType, text, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("patch job %s/%s: %w", namespace, name, err)
	}
	return nil
}

// LiftJobLimit takes away from a Job the time after which Kubernetes ends it.
func (c *Client) LiftJobLimit(ctx context.Context, namespace, name string) error {
	return c.PatchJob(ctx, namespace, name, `{"activeDeadlineSeconds":null}`)
}
