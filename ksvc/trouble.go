package ksvc

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// messageLimit keeps one line of a diagnosis readable.
const messageLimit = 300

// oneLine is a message without line breaks, and not longer than messageLimit.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > messageLimit {
		return string(r[:messageLimit]) + "…"
	}
	return s
}

// podTrouble says why a pod is not becoming Ready, or "" if nothing speaks against
// it, and whether it is in vain to wait.
func podTrouble(o *corev1.Pod) (text string, fatal bool) {
	if o.Status.Phase == corev1.PodFailed {
		return joined("pod failed", o.Status.Reason, o.Status.Message), true
	}
	for _, c := range o.Status.ContainerStatuses {
		if t := containerTrouble(c); t != "" {
			return t, c.State.Waiting != nil && hopeless[c.State.Waiting.Reason]
		}
	}
	for _, c := range o.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return joined(c.Reason, c.Message), false
		}
	}
	return "", false
}

// hopeless are the kubelet's reasons that time alone does not mend. It backs off
// only after it has tried more than once.
var hopeless = map[string]bool{
	"ImagePullBackOff": true, "ErrImageNeverPull": true, "InvalidImageName": true,
	"CrashLoopBackOff": true, "CreateContainerConfigError": true, "CreateContainerError": true, "RunContainerError": true,
}

// unknownHandler says that an event reports a RuntimeClass whose handler the
// node's container runtime does not have.
func unknownHandler(e *corev1.Event) bool {
	return e.Reason == "FailedCreatePodSandBox" && strings.Contains(e.Message, "no runtime for")
}

// containerTrouble reads one container's state. Waiting for the sandbox or for
// another container is no trouble.
func containerTrouble(c corev1.ContainerStatus) string {
	if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
		return withExit(joined("container "+c.Name, w.Reason, w.Message), c.LastTerminationState.Terminated)
	}
	if t := c.State.Terminated; t != nil {
		return withExit("container "+c.Name+" exited", t)
	}
	if t := c.LastTerminationState.Terminated; t != nil && !c.Ready {
		return withExit("container "+c.Name+" was restarted", t)
	}
	return ""
}

func withExit(s string, t *corev1.ContainerStateTerminated) string {
	if t == nil {
		return s
	}
	exit := fmt.Sprintf("%s, exit code %d", s, t.ExitCode)
	if t.Signal != 0 {
		exit += fmt.Sprintf(" (signal %d)", t.Signal)
	}
	return joined(exit, dropped(t.Reason, "Error", "Completed"), t.Message)
}

func dropped(s string, these ...string) string {
	for _, t := range these {
		if s == t {
			return ""
		}
	}
	return s
}

// joined puts what is not empty behind one another, with colons between.
func joined(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = oneLine(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ": ")
}

// describePod is the pod's state in a few words, for one that merely takes long.
func describePod(o *corev1.Pod) string {
	switch {
	case o.DeletionTimestamp != nil:
		return "Terminating"
	case o.Spec.NodeName == "":
		return "not scheduled"
	}
	var waiting []string
	for _, c := range o.Status.ContainerStatuses {
		switch {
		case c.State.Waiting != nil:
			waiting = append(waiting, c.Name+" "+c.State.Waiting.Reason)
		case !c.Ready:
			waiting = append(waiting, c.Name+" not ready")
		}
	}
	if len(waiting) == 0 {
		return string(o.Status.Phase)
	}
	return string(o.Status.Phase) + ", " + strings.Join(waiting, ", ")
}

// hints say what to do about a reason that Kubernetes or Knative gives.
var hints = []struct{ reason, hint string }{
	{"no runtime for", "the node's containerd does not know the RuntimeClass's handler: add it to containerd's configuration, or leave the class out"},
	{"RuntimeClass", "create the RuntimeClass, or leave it out; `kubectl get runtimeclass` lists those there are"},
	{"ErrImageNeverPull", "load the image into the node, or allow pulling it with --image-pull-policy"},
	{"ImagePull", "check the image's name, and that the nodes can reach and authenticate with its registry"},
	{"InvalidImageName", "check the image's name"},
	{"ContainerMissing", "check the image's name; for an image that is only on the nodes, add its registry to registries-skipping-tag-resolving in ConfigMap knative-serving/config-deployment"},
	{"Unable to fetch image", "check the image's name; for an image that is only on the nodes, add its registry to registries-skipping-tag-resolving in ConfigMap knative-serving/config-deployment"},
	{"exceeded quota", "raise the namespace's ResourceQuota, or ask for fewer services"},
	{"ExceededQuota", "raise the namespace's ResourceQuota, or ask for fewer services"},
	{"Insufficient", "lower the requests of the service and of queue-proxy (queue-sidecar-cpu-request in config-deployment), or ask for fewer services: the node is full on paper"},
	{"Too many pods", "raise the kubelet's maxPods, or ask for fewer services"},
	{"Unschedulable", "no node takes the pod; `kubectl describe pod` says why"},
	{"exit code", "the image's program ends instead of listening on $PORT; try it with `docker run -e PORT=8080`"},
	{"CrashLoopBackOff", "the image's program ends instead of listening on $PORT"},
	{"probe failed", "the image's program does not listen on $PORT"},
	{"IngressNotConfigured", "check that the ingress controller of the class in ConfigMap knative-serving/config-network runs"},
	{"ProgressDeadlineExceeded", "look at the service's pods with `kubectl describe pod`"},
}

// hintFor finds what to do about a diagnosis.
func hintFor(diagnosis string) string {
	for _, h := range hints {
		if strings.Contains(diagnosis, h.reason) {
			return h.hint
		}
	}
	return ""
}
