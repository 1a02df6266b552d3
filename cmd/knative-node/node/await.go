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
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/sandbox"
)

// until asks until ask returns nil, and tells the last answer when ctx ends.
func until(ctx context.Context, ask func(context.Context) error) error {
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// awaitWorkloads waits until every pod of the node's own is Ready.
func (b *boot) awaitWorkloads(ctx context.Context) error {
	return until(ctx, func(ctx context.Context) error {
		for _, w := range workloads {
			if err := available(ctx, b.client, w); err != nil {
				return err
			}
		}
		return nil
	})
}

func available(ctx context.Context, client kubernetes.Interface, w workload) error {
	d, err := client.AppsV1().Deployments(w.Namespace).Get(ctx, w.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentAvailable && c.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("deployment %s/%s is not available: %s", w.Namespace, w.Name, podTrouble(ctx, client, w))
}

// podTrouble says what holds the pods of a workload up.
func podTrouble(ctx context.Context, client kubernetes.Interface, w workload) string {
	pods, err := client.CoreV1().Pods(w.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + w.Name})
	if err != nil {
		return err.Error()
	}
	if len(pods.Items) == 0 {
		return "it has no pod yet"
	}
	var said []string
	for _, pod := range pods.Items {
		said = append(said, "pod "+pod.Name+" is "+string(pod.Status.Phase))
		for _, c := range pod.Status.ContainerStatuses {
			if c.State.Waiting != nil {
				said = append(said, strings.TrimSpace(c.State.Waiting.Reason+" "+c.State.Waiting.Message))
			}
		}
	}
	return strings.Join(said, ", ")
}

// awaitKnative waits until a Service would be accepted, which needs the webhook,
// and until the ingress takes connections.
func (b *boot) awaitKnative(ctx context.Context) error {
	client, err := dynamic.NewForConfig(b.config)
	if err != nil {
		return err
	}
	if err := until(ctx, func(ctx context.Context) error { return tryService(ctx, client) }); err != nil {
		return fmt.Errorf("create a Knative Service (dry run): %w", err)
	}
	return until(ctx, func(context.Context) error {
		conn, err := net.DialTimeout("tcp", sandbox.NodeIP+":80", time.Second)
		if err != nil {
			return fmt.Errorf("connect to the ingress: %w", err)
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
