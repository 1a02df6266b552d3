package watch

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// reasonUnhealthy is the kubelet's word in an event about a probe that failed.
const reasonUnhealthy = "Unhealthy"

// PodTrouble says what keeps a pod from becoming Ready, if anything does.
func PodTrouble(o *corev1.Pod) ksvc.Trouble {
	if o.Status.Phase == corev1.PodFailed {
		return ksvc.NewTrouble(o.Status.Reason, phrase.Join("pod failed", o.Status.Reason, o.Status.Message))
	}
	for _, c := range o.Status.ContainerStatuses {
		if t := containerTrouble(c); !t.None() {
			return t
		}
	}
	for _, c := range o.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return ksvc.NewTrouble(c.Reason, phrase.Join(c.Reason, c.Message))
		}
	}
	return ksvc.Trouble{}
}

// containerTrouble reads one container's state. Waiting for the sandbox or for
// another container is no trouble.
func containerTrouble(c corev1.ContainerStatus) ksvc.Trouble {
	if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
		return ksvc.NewTrouble(w.Reason, withExit(phrase.Join("container "+c.Name, w.Reason, w.Message), c.LastTerminationState.Terminated))
	}
	if t := c.State.Terminated; t != nil {
		return ksvc.NewTrouble(t.Reason, withExit("container "+c.Name+" exited", t))
	}
	if t := c.LastTerminationState.Terminated; t != nil && !c.Ready {
		return ksvc.NewTrouble(t.Reason, withExit("container "+c.Name+" was restarted", t))
	}
	return ksvc.Trouble{}
}

// withExit adds how a container ended.
func withExit(s string, t *corev1.ContainerStateTerminated) string {
	if t == nil {
		return s
	}
	exit := fmt.Sprintf("%s, exit code %d", s, t.ExitCode)
	if t.Signal != 0 {
		exit += fmt.Sprintf(" (signal %d)", t.Signal)
	}
	reason := t.Reason
	if slices.Contains([]string{"Error", "Completed"}, reason) {
		reason = "" // it says no more than the exit code
	}
	return phrase.Join(exit, reason, t.Message)
}

// eventTrouble is what a warning says about a pod.
func eventTrouble(e *corev1.Event) ksvc.Trouble {
	return ksvc.NewTrouble(e.Reason, e.Reason+": "+phrase.OneLine(e.Message))
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
