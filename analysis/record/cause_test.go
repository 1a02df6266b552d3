package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func texts(causes []Cause) []string {
	var list []string
	for _, c := range causes {
		list = append(list, c.String())
	}
	return list
}

func TestCauses(t *testing.T) {
	for text, want := range map[string]string{
		"Unschedulable: 0/1 nodes are available: 1 Insufficient memory. preemption: none":                                "scheduler: Insufficient memory, by requests, not by use",
		"Unschedulable: persistent volume":                                                                               "scheduler: no node takes the pod",
		"pod x: FailedCreatePodSandBox: plugin type=\"host-local\" failed (add): no IP addresses available in range set": "pod addresses exhausted",
		"pod x: FailedCreatePodSandBox: failed to get sandbox runtime: no runtime for \"nosuch\" is configured":          "the node does not know the RuntimeClass's handler",
		"pod x: FailedCreatePodSandBox: rpc error: code = DeadlineExceeded":                                              "the sandbox cannot be created",
		"pod x: container user-container: CreateContainerError: failed to reserve container name":                        "a container cannot be created",
		"container user-container: CrashLoopBackOff: back-off, exit code 137: OOMKilled":                                 "out of memory (OOMKilled)",
		"pod failed: Evicted: The node was low on resource: memory":                                                      "evicted by the kubelet",
		"pod x: Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503":                               "a probe fails",
		"no pod can be created: FailedCreate: exceeded quota: pods=10":                                                   "a ResourceQuota",
		"no pod can be created: FailedCreate: pods is forbidden: pod rejected: RuntimeClass \"kata\" not found":          "the RuntimeClass does not exist",
		"Revision h-1-00001 failed with message: Unable to fetch image \"x\": not found":                                 "Knative cannot look up the image",
		"pod x: something that nobody has met":                                                                           "other",
	} {
		if diff := cmp.Diff([]string{want}, texts(CausesIn(text))); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestTheSchedulerGivesSeveralCauses(t *testing.T) {
	got := CausesIn("Unschedulable: 0/2 nodes are available: 1 Insufficient cpu, 1 Too many pods.")
	if diff := cmp.Diff([]Cause{CauseInsufficientCPU, CauseTooManyPods}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryReasonHasACauseInWords(t *testing.T) {
	for _, r := range reasons {
		if causeTexts[r.cause] == "" {
			t.Errorf("%q: cause %s has no text", r.said, r.cause)
		}
	}
}
