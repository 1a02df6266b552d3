package ksvc

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func TestTrouble(t *testing.T) {
	tests := []struct {
		name, reason, message string
		cause                 record.Cause
		hopeless              bool
		hint                  string
	}{
		{"unknown handler", "FailedCreatePodSandBox", `FailedCreatePodSandBox: no runtime for "x" is configured`, record.CauseUnknownHandler, true, "containerd"},
		{"no RuntimeClass", "FailedCreate", `no pod can be created: FailedCreate: pod rejected: RuntimeClass "x" not found`, record.CauseNoRuntimeClass, false, "kubectl get runtimeclass"},
		{"first pull failed", "ErrImagePull", "container c: ErrImagePull: no such host", record.CauseImage, false, "registry"},
		{"pull given up", "ImagePullBackOff", "container c: ImagePullBackOff", record.CauseImage, true, "registry"},
		{"image not loaded", "ErrImageNeverPull", "container c: ErrImageNeverPull", record.CauseImage, true, "cluster load-image"},
		{"image's name", "InvalidImageName", "container c: InvalidImageName", record.CauseImage, true, "check the image's name"},
		{"digest", "RevisionFailed", `Ready is False: RevisionFailed: Unable to fetch image "x"`, record.CauseImageUnresolved, false, "registries-skipping-tag-resolving"},
		{"full node", "Unschedulable", "Unschedulable: 0/1 nodes: Insufficient cpu", record.CauseInsufficientCPU, false, "full on paper"},
		{"taint", "Unschedulable", "Unschedulable: 1 node(s) had untolerated taint", record.CauseTainted, false, "kubectl describe pod"},
		{"program ends", "CrashLoopBackOff", "container c: CrashLoopBackOff, exit code 1", record.CauseContainerExit, true, "docker run"},
		{"memory", "CrashLoopBackOff", "container c: CrashLoopBackOff, exit code 137: OOMKilled", record.CauseOutOfMemory, true, "--limit memory"},
		{"ingress", "IngressNotConfigured", "RoutesReady is Unknown: IngressNotConfigured", record.CauseOther, false, "ingress controller"},
		{"nothing known", "Odd", "all is odd", record.CauseOther, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := NewTrouble(test.reason, test.message)
			if !slices.Equal(got.Causes, []record.Cause{test.cause}) || got.Hopeless() != test.hopeless {
				t.Errorf("causes %v, hopeless %v, want %s, %v", got.Causes, got.Hopeless(), test.cause, test.hopeless)
			}
			if hint := got.Advice().String(); test.hint == "" && hint != "" || !strings.Contains(hint, test.hint) {
				t.Errorf("advice %q, want one with %q", hint, test.hint)
			}
		})
	}
	if none := NewTrouble("", ""); !none.None() || none.Known() || none.Hopeless() || none.Advice() != (Advice{}) {
		t.Errorf("no trouble is %+v", none)
	}
}

func TestWithHint(t *testing.T) {
	broken := errors.New("broken")
	if got := WithHint(broken, Advice{}); got != broken || WithHint(nil, adviseReach) != nil {
		t.Errorf("the zero advice made %v of an error, or a hint made one of nil", got)
	}
	if err := WithHint(broken, adviseClean.With("bench")); !errors.Is(err, broken) || !strings.Contains(Hint(err), "clean -n bench") {
		t.Errorf("%v with hint %q", err, Hint(err))
	}
	if !slices.Contains(Hints(), adviseClean.String()) {
		t.Error("Hints lacks one")
	}
}
