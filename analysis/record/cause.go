package record

import "strings"

// Cause is a reason why an instance does not become Ready.
type Cause string

// The causes. The first two are about what pods request and not about what they use:
// the node may be idle.
const (
	CauseInsufficientCPU    Cause = "insufficientCpu"
	CauseInsufficientMemory Cause = "insufficientMemory"
	CauseTooManyPods        Cause = "tooManyPods"
	CauseTainted            Cause = "tainted"
	CauseUnschedulable      Cause = "unschedulable"
	CauseQuota              Cause = "quota"
	CauseNoAddress          Cause = "noAddress"
	CauseUnknownHandler     Cause = "unknownHandler"
	CauseNoRuntimeClass     Cause = "noRuntimeClass"
	CauseOutOfMemory        Cause = "outOfMemory"
	CauseEvicted            Cause = "evicted"
	CauseSandbox            Cause = "sandbox"
	CauseImage              Cause = "image"
	CauseImageUnresolved    Cause = "imageUnresolved"
	CauseContainerCreate    Cause = "containerCreate"
	CauseContainerStart     Cause = "containerStart"
	CauseContainerExit      Cause = "containerExit"
	CauseProbe              Cause = "probe"
	CauseOther              Cause = "other"
)

// causeTexts says each cause in words.
var causeTexts = map[Cause]string{
	CauseInsufficientCPU:    "scheduler: Insufficient cpu, by requests, not by use",
	CauseInsufficientMemory: "scheduler: Insufficient memory, by requests, not by use",
	CauseTooManyPods:        "scheduler: Too many pods, the kubelet's maxPods",
	CauseTainted:            "scheduler: the node is tainted",
	CauseUnschedulable:      "scheduler: no node takes the pod",
	CauseQuota:              "a ResourceQuota",
	CauseNoAddress:          "pod addresses exhausted",
	CauseUnknownHandler:     "the node does not know the RuntimeClass's handler",
	CauseNoRuntimeClass:     "the RuntimeClass does not exist",
	CauseOutOfMemory:        "out of memory (OOMKilled)",
	CauseEvicted:            "evicted by the kubelet",
	CauseSandbox:            "the sandbox cannot be created",
	CauseImage:              "the image cannot be pulled",
	CauseImageUnresolved:    "Knative cannot look up the image",
	CauseContainerCreate:    "a container cannot be created",
	CauseContainerStart:     "a container cannot be started",
	CauseContainerExit:      "a container exits",
	CauseProbe:              "a probe fails",
	CauseOther:              "other",
}

// String is the cause in words. A cause that this version does not know is shown
// as it is written.
func (c Cause) String() string {
	if text, known := causeTexts[c]; known {
		return text
	}
	return string(c)
}

// reasons are the words that Kubernetes uses for each cause. Many causes have no other
// form, since the scheduler and the container runtime only write messages. The reasons
// of the scheduler come first: it may give several, one for each kind of node, and all
// of them count. Of the others only the first that matches counts, so particular ones
// stand before general ones.
var reasons = []struct {
	said      string
	cause     Cause
	scheduler bool
}{
	{"Insufficient cpu", CauseInsufficientCPU, true},
	{"Insufficient memory", CauseInsufficientMemory, true},
	{"Too many pods", CauseTooManyPods, true},
	{"had untolerated taint", CauseTainted, true},
	{"Unschedulable", CauseUnschedulable, false},
	{"exceeded quota", CauseQuota, false},
	{"no IP addresses available", CauseNoAddress, false},
	{"failed to allocate for range", CauseNoAddress, false},
	{"no runtime for", CauseUnknownHandler, false},
	{"pod rejected: RuntimeClass", CauseNoRuntimeClass, false},
	{"OOMKilled", CauseOutOfMemory, false},
	{"Evicted", CauseEvicted, false},
	{"FailedCreatePodSandBox", CauseSandbox, false},
	{"ImagePull", CauseImage, false},
	{"ErrImage", CauseImage, false},
	{"InvalidImageName", CauseImage, false},
	{"Unable to fetch image", CauseImageUnresolved, false},
	{"CreateContainerError", CauseContainerCreate, false},
	{"RunContainerError", CauseContainerStart, false},
	{"StartError", CauseContainerStart, false},
	{"failed to create containerd task", CauseContainerStart, false},
	{"CrashLoopBackOff", CauseContainerExit, false},
	{"exit code", CauseContainerExit, false},
	{"probe failed", CauseProbe, false},
	{"Unhealthy", CauseProbe, false},
}

// CausesIn finds the causes that a message of Kubernetes about a pod names. There is at
// least one, which is CauseOther if the message names none that is known. It is used
// where the message arrives, and for files that were written before causes were
// fields.
func CausesIn(message string) []Cause {
	var found []Cause
	for _, r := range reasons {
		if (r.scheduler || len(found) == 0) && strings.Contains(message, r.said) {
			found = append(found, r.cause)
		}
	}
	if len(found) == 0 {
		return []Cause{CauseOther}
	}
	return found
}

// Trouble is what the cluster said that keeps an instance from becoming Ready.
type Trouble struct {
	Causes []Cause `json:"causes"`
	// Message is what was said, in the cluster's words.
	Message string `json:"message"`
}
