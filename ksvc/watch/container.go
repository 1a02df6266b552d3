package watch

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const (
	// queueProxy is the container that Knative puts before the user's.
	queueProxy = record.QueueProxy
	// envUserPort is queue-proxy's variable for the port of the user's container,
	// and envPort is the one by which that container is told.
	envUserPort = "USER_PORT"
	envPort     = "PORT"
)

// servingContainer is the name of the container that answers requests, or "" where
// the pod does not tell. A pod may have others: queue-proxy, the other containers of
// a revision that has several, and what was injected, such as istio-proxy. Their
// starts and images say nothing about the function's. Init containers are in another
// list and never count.
//
// Its name does not tell: "user-container" is only the default of Knative's setting
// container-name-template, and users may name their containers. But Knative always
// calls the port of the container that it forwards to "user-port"
// (pkg/reconciler/revision/resources/deploy.go), and tells that container the port in
// PORT and queue-proxy the same in USER_PORT.
func servingContainer(o *corev1.Pod) string {
	if name := onlyOne(o, func(c corev1.Container) bool { return hasUserPort(c) }); name != "" {
		return name
	}
	port := ""
	for _, c := range o.Spec.Containers {
		if c.Name == queueProxy {
			port = env(c, envUserPort)
		}
	}
	return onlyOne(o, func(c corev1.Container) bool { return port != "" && env(c, envPort) == port })
}

// onlyOne is the name of the one container besides queue-proxy that is as asked for.
// If several are, nothing is guessed.
func onlyOne(o *corev1.Pod, is func(corev1.Container) bool) string {
	found := ""
	for _, c := range o.Spec.Containers {
		if c.Name == queueProxy || !is(c) {
			continue
		}
		if found != "" {
			return ""
		}
		found = c.Name
	}
	return found
}

func hasUserPort(c corev1.Container) bool {
	for _, p := range c.Ports {
		if p.Name == servingv1.UserPortName {
			return true
		}
	}
	return false
}

func env(c corev1.Container, name string) string {
	for _, e := range c.Env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

// containerOf is the container that an event's fieldPath names, such as
// "spec.containers{user-container}". It is "" for an init container.
func containerOf(fieldPath string) string {
	rest, found := strings.CutPrefix(fieldPath, "spec.containers{")
	if !found {
		return ""
	}
	return strings.TrimSuffix(rest, "}")
}
