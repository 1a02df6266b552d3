package node

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/deploy"
)

// until calls check again and again, with a pause between, until it returns nil. When
// ctx ends first, until returns the last error of check.
func until(ctx context.Context, pause time.Duration, check func(context.Context) error) error {
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// awaitAvailable waits until all of these workloads are available.
func (b *boot) awaitAvailable(ctx context.Context, all ...workload) error {
	return until(ctx, 100*time.Millisecond, func(ctx context.Context) error {
		for _, w := range all {
			if err := available(ctx, b.client, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// available returns nil when the workload is available. Otherwise the error says what its
// pods are waiting for.
func available(ctx context.Context, client kubernetes.Interface, w workload) error {
	d, err := client.AppsV1().Deployments(w.namespace).Get(ctx, w.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentAvailable && c.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("deployment %s/%s is not available: %s", w.namespace, w.name, podTrouble(ctx, client, w))
}

// podTrouble says what the pods of a workload are waiting for.
func podTrouble(ctx context.Context, client kubernetes.Interface, w workload) string {
	pods, err := client.CoreV1().Pods(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + w.name})
	if err != nil {
		return err.Error()
	}
	if len(pods.Items) == 0 {
		return "it has no pod yet"
	}
	var troubles []string
	for _, pod := range pods.Items {
		troubles = append(troubles, "pod "+pod.Name+" is "+string(pod.Status.Phase))
		for _, c := range pod.Status.ContainerStatuses {
			if c.State.Waiting != nil {
				troubles = append(troubles, strings.TrimSpace(c.State.Waiting.Reason+" "+c.State.Waiting.Message))
			}
		}
	}
	return strings.Join(troubles, ", ")
}

// awaitKnative waits until Knative's webhook accepts a Service, and until the ingress
// takes connections.
func (b *boot) awaitKnative(ctx context.Context) error {
	client, err := dynamic.NewForConfig(b.access)
	if err != nil {
		return err
	}
	err = until(ctx, 100*time.Millisecond, func(ctx context.Context) error { return tryService(ctx, client) })
	if err != nil {
		return fmt.Errorf("create a Knative Service (dry run): %w", err)
	}
	return until(ctx, 100*time.Millisecond, func(context.Context) error {
		conn, err := net.DialTimeout("tcp", Ingress, time.Second)
		if err != nil {
			return fmt.Errorf("connect to the ingress at %s: %w", Ingress, err)
		}
		return conn.Close()
	})
}

const probeService = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: probe, namespace: default}
spec: {template: {spec: {containers: [{image: dev.local/probe}]}}}
`

// tryService creates a Knative Service as a dry run: it is checked and not stored.
func tryService(ctx context.Context, client dynamic.Interface) error {
	objects, err := deploy.Parse([]byte(probeService))
	if err != nil {
		return err
	}
	services := schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}
	_, err = client.Resource(services).Namespace("default").
		Create(ctx, objects[0], metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}
