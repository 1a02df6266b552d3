package analysis

import "strings"

// The causes that Kubernetes names. Insufficient CPU and memory are about what pods
// request, not about what they use: the node is full on paper.
var schedulerCauses = []struct{ said, cause string }{
	{"Insufficient cpu", "scheduler: Insufficient cpu, by requests, not by use"},
	{"Insufficient memory", "scheduler: Insufficient memory, by requests, not by use"},
	{"Too many pods", "scheduler: Too many pods, the kubelet's maxPods"},
	{"had untolerated taint", "scheduler: the node is tainted"},
}

// podCauses are looked for in this order, the particular before the general.
var podCauses = []struct{ said, cause string }{
	{"Unschedulable", "scheduler: no node takes the pod"},
	{"exceeded quota", "a ResourceQuota"},
	{"no IP addresses available", "pod addresses exhausted"},
	{"failed to allocate for range", "pod addresses exhausted"},
	{"no runtime for", "the node does not know the RuntimeClass's handler"},
	{"OOMKilled", "out of memory (OOMKilled)"},
	{"Evicted", "evicted by the kubelet"},
	{"FailedCreatePodSandBox", "the sandbox cannot be created"},
	{"ImagePull", "the image cannot be pulled"},
	{"ErrImage", "the image cannot be pulled"},
	{"InvalidImageName", "the image cannot be pulled"},
	{"CreateContainerError", "a container cannot be created"},
	{"RunContainerError", "a container cannot be started"},
	{"StartError", "a container cannot be started"},
	{"failed to create containerd task", "a container cannot be started"},
	{"CrashLoopBackOff", "a container exits"},
	{"exit code", "a container exits"},
	{"probe failed", "a probe fails"},
	{"Unhealthy", "a probe fails"},
}

const otherCause = "other"

// causesOf are those that a text about a pod names: all of the scheduler's, which
// gives one for each node, or else the first.
func causesOf(text string) []string {
	var list []string
	for _, c := range schedulerCauses {
		if strings.Contains(text, c.said) {
			list = append(list, c.cause)
		}
	}
	for _, c := range podCauses {
		if len(list) == 0 && strings.Contains(text, c.said) {
			list = append(list, c.cause)
		}
	}
	if len(list) == 0 {
		list = append(list, otherCause)
	}
	return list
}

// troubleIn is what the error of a sample says of its pod, behind what it says of
// the request.
func troubleIn(sampleError string) string {
	for _, begin := range []string{"pod ", "no pod can be created"} {
		if strings.HasPrefix(sampleError, begin) {
			return sampleError
		}
		if _, told, found := strings.Cut(sampleError, ": "+begin); found {
			return begin + told
		}
	}
	return ""
}

// conditionName is the node and the type of a condition, without its status.
func conditionName(message string) string {
	name, _, _ := strings.Cut(message, " is ")
	return name
}
