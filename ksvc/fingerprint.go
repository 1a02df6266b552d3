package ksvc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const labelVersion = "app.kubernetes.io/version"

// annotationHandlerVersion holds, on a RuntimeClass, the version of its handler's
// program. Neither the kubelet nor containerd tells it, so it is known only where
// whoever installed the handler wrote it down; the embedded node does.
const annotationHandlerVersion = "kn-coldstart.dev/handler-version"

// Fingerprint reads what tells this cluster from others. What cannot be read is
// left empty, and the error says why; the rest is usable.
func (c *Client) Fingerprint(ctx context.Context, ingress Ingress) (record.Fingerprint, error) {
	f := record.Fingerprint{IngressClass: ingress.Class, Ingress: cmp.Or(ingress.Service, ingress.Address)}
	var errs []error
	failed := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", what, err))
		}
	}
	v, err := c.Kubernetes.Discovery().ServerVersion()
	failed("Kubernetes' version", err)
	if err == nil {
		f.Kubernetes = v.GitVersion
	}
	f.Knative, err = c.knativeVersion(ctx)
	failed("Knative's version", err)
	nodes, err := c.Kubernetes.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	failed("nodes", err)
	if err == nil {
		describeNodes(&f, nodes.Items)
		thisMachine(os.DirFS("/")).describe(&f, nodes.Items)
	}
	classes, err := c.classes(ctx)
	failed("RuntimeClasses", err)
	for _, class := range classes {
		f.Handlers = append(f.Handlers, strings.TrimSpace(class.Name+"="+class.Handler+" "+class.Annotations[annotationHandlerVersion]))
	}
	return f, errors.Join(errs...)
}

// knativeVersion is what Knative's own deployments are labelled with.
func (c *Client) knativeVersion(ctx context.Context) (string, error) {
	list, err := c.Kubernetes.AppsV1().Deployments(systemNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	return distinct(list.Items, func(i int) string {
		if name := list.Items[i].Name; name != activator && name != "controller" && name != "autoscaler" && name != "webhook" {
			return ""
		}
		return list.Items[i].Labels[labelVersion]
	}), nil
}

// describeNodes sums the nodes up: what they agree on once, otherwise all of it.
func describeNodes(f *record.Fingerprint, nodes []corev1.Node) {
	info := func(field func(corev1.NodeSystemInfo) string) string {
		return distinct(nodes, func(i int) string { return field(nodes[i].Status.NodeInfo) })
	}
	f.Nodes = len(nodes)
	f.ContainerRuntime = info(func(n corev1.NodeSystemInfo) string { return n.ContainerRuntimeVersion })
	f.Kernel = info(func(n corev1.NodeSystemInfo) string { return n.KernelVersion })
	f.OS = info(func(n corev1.NodeSystemInfo) string { return n.OSImage })
	f.Architecture = info(func(n corev1.NodeSystemInfo) string { return n.Architecture })
	for _, n := range nodes {
		f.CPUs += int(n.Status.Capacity.Cpu().Value())
		f.MemoryBytes += n.Status.Capacity.Memory().Value()
	}
}

// distinct are the different values of the items, in order, with commas between.
func distinct[T any](items []T, value func(int) string) string {
	var found []string
	for i := range items {
		if v := value(i); v != "" && !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

// classes are the cluster's RuntimeClasses, by name.
func (c *Client) classes(ctx context.Context) ([]nodev1.RuntimeClass, error) {
	list, err := c.Kubernetes.NodeV1().RuntimeClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list.Items, func(a, b nodev1.RuntimeClass) int { return cmp.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// Handlers are the cluster's RuntimeClasses and the container runtime's name for
// each.
func (c *Client) Handlers(ctx context.Context) (map[string]string, error) {
	classes, err := c.classes(ctx)
	if err != nil {
		return nil, fmt.Errorf("list RuntimeClasses: %w", err)
	}
	handlers := map[string]string{}
	for _, class := range classes {
		handlers[class.Name] = class.Handler
	}
	return handlers, nil
}
