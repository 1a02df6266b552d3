package watch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"

	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func waitingFor(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func exited(code int32, reason string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
}

func TestPodTrouble(t *testing.T) {
	user := func(state, last corev1.ContainerState) ksvctest.PodOption {
		return ksvctest.Container(corev1.ContainerStatus{Name: "user-container", State: state, LastTerminationState: last})
	}
	none := corev1.ContainerState{}
	tests := []struct {
		name  string
		pod   *corev1.Pod
		want  string
		fatal bool
	}{
		{"healthy", ksvctest.NewPod("u", ksvctest.Scheduled, ksvctest.Ready), "", false},
		{"creating", ksvctest.NewPod("u", ksvctest.Scheduled, user(waitingFor("ContainerCreating", ""), none)), "", false},
		{"first pull failed", ksvctest.NewPod("u", user(waitingFor("ErrImagePull", "no\n  such host"), none)), "container user-container: ErrImagePull: no such host", false},
		{"pull given up", ksvctest.NewPod("u", user(waitingFor("ImagePullBackOff", ""), none)), "container user-container: ImagePullBackOff", true},
		{"never pulled", ksvctest.NewPod("u", user(waitingFor("ErrImageNeverPull", ""), none)), "container user-container: ErrImageNeverPull", true},
		{"cannot be created", ksvctest.NewPod("u", user(waitingFor("CreateContainerError", "exec format error"), none)), "container user-container: CreateContainerError: exec format error", true},
		{"exited once", ksvctest.NewPod("u", user(exited(1, "Error"), none)), "container user-container exited, exit code 1", false},
		{"exits again and again", ksvctest.NewPod("u", user(waitingFor("CrashLoopBackOff", ""), exited(137, "OOMKilled"))), "container user-container: CrashLoopBackOff, exit code 137: OOMKilled", true},
		{"failed", func() *corev1.Pod {
			p := ksvctest.NewPod("u")
			p.Status.Phase, p.Status.Reason = corev1.PodFailed, "Evicted"
			return p
		}(), "pod failed: Evicted", true},
		{"unschedulable", func() *corev1.Pod {
			p := ksvctest.NewPod("u")
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes: Insufficient cpu"}}
			return p
		}(), "Unschedulable: 0/1 nodes: Insufficient cpu", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := &pod{}
			p.observe(test.pod, sighting{at: ms})
			if p.trouble.Message != test.want || p.hopeless() != test.fatal {
				t.Errorf("trouble %q, hopeless %v, want %q, %v", p.trouble.Message, p.hopeless(), test.want, test.fatal)
			}
		})
	}
}

// The causes of a pod's trouble are those of its state, and those of what was said
// about it where its state names none.
func TestWhatIsSaidOfAPod(t *testing.T) {
	of := func(reason, message string) ksvc.Trouble { return ksvc.NewTrouble(reason, message) }
	tests := []struct {
		name             string
		trouble, warning ksvc.Trouble
		message          string
		causes           []record.Cause
	}{
		{"nothing", ksvc.Trouble{}, ksvc.Trouble{}, "", nil},
		{"state", of("Evicted", "pod failed: Evicted"), ksvc.Trouble{}, "pod p: pod failed: Evicted", []record.Cause{record.CauseEvicted}},
		{"warning", ksvc.Trouble{}, of("Unhealthy", "Unhealthy: Readiness probe failed"), "pod p: Unhealthy: Readiness probe failed", []record.Cause{record.CauseProbe}},
		{"state before warning", of("", "container c exited, exit code 1"), of("Unhealthy", "Unhealthy: Readiness probe failed"),
			"pod p: container c exited, exit code 1: Unhealthy: Readiness probe failed", []record.Cause{record.CauseContainerExit}},
		{"warning where the state names no cause", of("Odd", "pod failed: Odd"), of("Evicted", "Evicted: low on memory"),
			"pod p: pod failed: Odd: Evicted: low on memory", []record.Cause{record.CauseEvicted}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := (&pod{name: "p", trouble: test.trouble, warning: test.warning}).said()
			if diff := cmp.Diff(test.causes, got.Causes); got.Message != test.message || diff != "" {
				t.Errorf("said %q, want %q; causes (-want +got):\n%s", got.Message, test.message, diff)
			}
		})
	}
}
