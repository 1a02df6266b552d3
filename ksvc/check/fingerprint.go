package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/host"
)

const labelVersion = "app.kubernetes.io/version"

// These annotations of a RuntimeClass tell about its handler: the version of its program,
// the checksums of its files, and how it is set. Neither the kubelet nor containerd tells
// any of them, so they are known only where the one who installed the handler wrote them
// down, as the embedded node does. It does so with the last two for handlers that its user
// has added.
const (
	annotationHandlerVersion   = "kn-coldstart.dev/handler-version"
	annotationHandlerChecksums = "kn-coldstart.dev/handler-checksums"
	annotationHandlerSettings  = "kn-coldstart.dev/handler-settings"
)

// fingerprint is what tells this cluster from others. What cannot be read is left
// empty, and the error says why; the rest is usable.
func (r *reader) fingerprint(ctx context.Context) (record.Fingerprint, error) {
	ingress, _ := r.findIngress(ctx) // a check has told why there is none
	f := record.Fingerprint{IngressClass: ingress.Class, Ingress: cmp.Or(ingress.Service, ingress.Address)}
	var errs []error
	failed := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", what, err))
		}
	}
	v, err := r.serverVersion(ctx)
	failed("Kubernetes' version", err)
	if err == nil {
		f.Kubernetes = v.GitVersion
	}
	f.Knative, err = r.knativeVersion(ctx)
	failed("Knative's version", err)
	nodes, err := r.allNodes(ctx)
	failed("nodes", err)
	if err == nil {
		describeNodes(&f, nodes)
		describeHost(&f, host.This(), nodes)
	}
	if err := r.describeKnative(ctx, &f); err != nil {
		errs = append(errs, err)
	}
	f.LimitRanges, err = r.limitRangeLines(ctx)
	failed("LimitRanges", err)
	f.ResourceQuotas, err = r.quotaLines(ctx)
	failed("ResourceQuotas", err)
	classes, err := r.runtimeClasses(ctx)
	failed("RuntimeClasses", err)
	for _, class := range classes {
		f.Handlers = append(f.Handlers, handlerLine(class))
	}
	if f.LimitRanges == nil {
		f.Unread = append(f.Unread, "limitRanges")
	}
	if f.ResourceQuotas == nil {
		f.Unread = append(f.Unread, "resourceQuotas")
	}
	return f, errors.Join(errs...)
}

// handlerLine is "CLASS=HANDLER", and then what the annotations tell.
func handlerLine(class nodev1.RuntimeClass) string {
	words := []string{class.Name + "=" + class.Handler}
	for _, annotation := range []string{annotationHandlerVersion, annotationHandlerChecksums, annotationHandlerSettings} {
		if told := class.Annotations[annotation]; told != "" {
			words = append(words, told)
		}
	}
	return strings.Join(words, " ")
}

// knativeParts are Knative's own deployments, without those of an ingress.
var knativeParts = []string{ksvc.Activator, "controller", "autoscaler", "webhook"}

// knativeVersion is what Knative's own deployments are labelled with.
func (r *reader) knativeVersion(ctx context.Context) (string, error) {
	deployments, err := r.systemDeployments(ctx)
	if err != nil {
		return "", err
	}
	return distinct(deployments, func(i int) string {
		if !slices.Contains(knativeParts, deployments[i].Name) {
			return ""
		}
		return deployments[i].Labels[labelVersion]
	}), nil
}

// describeHost adds what the host says of its processor, if the host is the cluster's
// one node.
func describeHost(f *record.Fingerprint, h host.Host, nodes []corev1.Node) {
	if len(nodes) == 1 && h.Is(nodes[0]) {
		f.CPUModel, f.Governor, f.Boost = h.CPUModel, h.Governor, h.Boost
	}
}

// describeNodes sums the nodes up. A value in which they agree stands there once;
// otherwise all their values do.
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

// distinct are the different values of the items, sorted, with commas between.
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
