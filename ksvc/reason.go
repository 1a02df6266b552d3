package ksvc

import (
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Trouble is what keeps a service, or an instance of it, from becoming Ready, as
// Kubernetes or Knative said it. The zero Trouble stands for none.
type Trouble struct {
	// Reason is the word that the API has for it in a field named reason, such as
	// ImagePullBackOff. It is empty where the API gives none.
	Reason string
	// Causes are what the message comes down to. There is at least one.
	Causes []record.Cause
	// Message is one line for people. No program reads it.
	Message string
}

// NewTrouble makes a Trouble of a message that just arrived. This is the one place
// where a message is searched for causes.
func NewTrouble(reason, message string) Trouble {
	if message == "" {
		return Trouble{}
	}
	return Trouble{Reason: reason, Causes: record.CausesIn(message), Message: message}
}

// None says that there is no trouble.
func (t Trouble) None() bool { return t.Message == "" }

// Known says that at least one cause was recognised.
func (t Trouble) Known() bool { return len(t.Causes) > 0 && t.Causes[0] != record.CauseOther }

// Hopeless says that waiting will not mend it.
func (t Trouble) Hopeless() bool {
	return slices.ContainsFunc(reasons, func(r reason) bool { return r.hopeless && r.isOf(t) })
}

// Advice is what to do about it, or the zero advice if nothing is known.
func (t Trouble) Advice() Advice {
	for _, r := range reasons {
		if r.advice != (Advice{}) && r.isOf(t) {
			return r.advice
		}
	}
	return Advice{}
}

// reason is what this program knows of a reason of Kubernetes or of Knative.
type reason struct {
	// word is the reason as the API names it. Where the API has only messages,
	// word is empty and cause says what the message comes down to.
	word  string
	cause record.Cause
	// hopeless says that time alone does not mend it. The kubelet, for one, backs
	// off only after it has tried more than once.
	hopeless bool
	advice   Advice
}

// isOf says whether a trouble has this reason.
func (r reason) isOf(t Trouble) bool {
	if r.word != "" {
		return r.word == t.Reason
	}
	return slices.Contains(t.Causes, r.cause)
}

var (
	adviseHandler = NewAdvice("the node's containerd does not know the RuntimeClass's handler: add it to containerd's configuration, or leave the class out")
	adviseClass   = NewAdvice("create the RuntimeClass, or leave it out; `kubectl get runtimeclass` lists those there are")
	adviseLoad    = NewAdvice("load the image into every node, which `kn-coldstart cluster load-image` does on the embedded node: the service's imagePullPolicy is Never")
	advisePull    = NewAdvice("check the image's name, and that the nodes can reach and authenticate with its registry")
	adviseName    = NewAdvice("check the image's name")
	adviseResolve = NewAdvice("check the image's name; for an image that is only on the nodes, add its registry to registries-skipping-tag-resolving in ConfigMap knative-serving/config-deployment")
	adviseQuota   = NewAdvice("raise the namespace's ResourceQuota, or ask for fewer services")
	adviseFull    = NewAdvice("lower the requests of the service and of queue-proxy (queue-sidecar-cpu-request in config-deployment), or ask for fewer services: the node is full on paper")
	adviseMaxPods = NewAdvice("raise the kubelet's maxPods, or ask for fewer services")
	adviseNoNode  = NewAdvice("no node takes the pod; `kubectl describe pod` says why")
	adviseMemory  = NewAdvice("raise the memory limit with --limit memory=QUANTITY, or have the image's program use less")
	adviseExit    = NewAdvice("the image's program ends instead of listening on $PORT; try it with `docker run -e PORT=8080`")
	adviseListen  = NewAdvice("the image's program does not listen on $PORT")
	adviseIngress = NewAdvice("check that the ingress controller of the class in ConfigMap knative-serving/config-network runs")
	advisePods    = NewAdvice("look at the service's pods with `kubectl describe pod`")
)

// reasons are all that are known. The first with an advice gives it, so the
// particular stands before the general.
var reasons = []reason{
	{cause: record.CauseUnknownHandler, hopeless: true, advice: adviseHandler},
	{cause: record.CauseNoRuntimeClass, advice: adviseClass},
	{word: "ErrImageNeverPull", hopeless: true, advice: adviseLoad},
	{word: "InvalidImageName", hopeless: true, advice: adviseName},
	{word: "ImagePullBackOff", hopeless: true, advice: advisePull},
	{cause: record.CauseImage, advice: advisePull},
	{word: "ContainerMissing", advice: adviseResolve},
	{cause: record.CauseImageUnresolved, advice: adviseResolve},
	{cause: record.CauseQuota, advice: adviseQuota},
	{word: "ExceededQuota", advice: adviseQuota},
	{cause: record.CauseInsufficientCPU, advice: adviseFull},
	{cause: record.CauseInsufficientMemory, advice: adviseFull},
	{cause: record.CauseTooManyPods, advice: adviseMaxPods},
	{cause: record.CauseTainted, advice: adviseNoNode},
	{cause: record.CauseUnschedulable, advice: adviseNoNode},
	{cause: record.CauseOutOfMemory, advice: adviseMemory},
	{word: "CrashLoopBackOff", hopeless: true, advice: adviseExit},
	{cause: record.CauseContainerExit, advice: adviseExit},
	{cause: record.CauseProbe, advice: adviseListen},
	{word: "CreateContainerConfigError", hopeless: true},
	{word: "CreateContainerError", hopeless: true},
	{word: "RunContainerError", hopeless: true},
	{word: "IngressNotConfigured", advice: adviseIngress},
	{word: "ProgressDeadlineExceeded", advice: advisePods},
}
