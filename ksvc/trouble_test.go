package ksvc

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func waitingFor(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func exited(code int32, reason string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
}

func TestPodTrouble(t *testing.T) {
	user := func(state, last corev1.ContainerState) podOption {
		return container(corev1.ContainerStatus{Name: "user-container", State: state, LastTerminationState: last})
	}
	none := corev1.ContainerState{}
	tests := []struct {
		name  string
		pod   *corev1.Pod
		want  string
		fatal bool
	}{
		{"healthy", newPod("u", scheduled, ready), "", false},
		{"creating", newPod("u", scheduled, user(waitingFor("ContainerCreating", ""), none)), "", false},
		{"first pull failed", newPod("u", user(waitingFor("ErrImagePull", "no\n  such host"), none)), "container user-container: ErrImagePull: no such host", false},
		{"pull given up", newPod("u", user(waitingFor("ImagePullBackOff", ""), none)), "container user-container: ImagePullBackOff", true},
		{"never pulled", newPod("u", user(waitingFor("ErrImageNeverPull", ""), none)), "container user-container: ErrImageNeverPull", true},
		{"cannot be created", newPod("u", user(waitingFor("CreateContainerError", "exec format error"), none)), "container user-container: CreateContainerError: exec format error", true},
		{"exited once", newPod("u", user(exited(1, "Error"), none)), "container user-container exited, exit code 1", false},
		{"exits again and again", newPod("u", user(waitingFor("CrashLoopBackOff", ""), exited(137, "OOMKilled"))), "container user-container: CrashLoopBackOff, exit code 137: OOMKilled", true},
		{"failed", func() *corev1.Pod {
			p := newPod("u")
			p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted"
			return p
		}(), "pod failed: Evicted", true},
		{"unschedulable", func() *corev1.Pod {
			p := newPod("u")
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes: Insufficient cpu"}}
			return p
		}(), "Unschedulable: 0/1 nodes: Insufficient cpu", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, fatal := podTrouble(test.pod)
			if got != test.want || fatal != test.fatal {
				t.Errorf("podTrouble = %q, fatal %v, want %q, %v", got, fatal, test.want, test.fatal)
			}
		})
	}
}

func TestHintFor(t *testing.T) {
	tests := []struct{ diagnosis, want string }{
		{`FailedCreatePodSandBox: no runtime for "x"`, "containerd"},
		{`pod rejected: RuntimeClass "x" not found`, "kubectl get runtimeclass"},
		{"ImagePullBackOff", "registry"},
		{"Insufficient cpu", "full on paper"},
		{"all is well", ""},
	}
	for _, test := range tests {
		if got := hintFor(test.diagnosis); test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("hintFor(%q) = %q, want one with %q", test.diagnosis, got, test.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	long := oneLine(strings.Repeat("ä ", 400))
	if n := len([]rune(long)); n != messageLimit+1 {
		t.Errorf("%d runes, want %d and an ellipsis", n, messageLimit)
	}
}
