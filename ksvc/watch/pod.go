package watch

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// pod is what the watches saw of one pod. Instants are zero until seen.
type pod struct {
	name     string
	uid      types.UID
	node     string
	revision string
	class    string
	variant  string
	service  string
	imageID  string
	// serving is the container that answers requests, or "" if that is not known.
	serving string

	seen        time.Duration // first sight
	ready       time.Duration // first sight of it Ready
	terminating time.Duration // first sight of its deletion timestamp
	// gone is when it was last seen to exist or, if it ended before it was deleted,
	// first seen to have ended.
	gone     time.Duration
	running  bool // its containers were all started
	readyNow bool

	// pulled says that its node pulled an image for it, and pulledBytes how much.
	pulled      bool
	pulledBytes int64

	evidence []record.Phase
	// trouble is what its own state says against it, warning what an event said.
	trouble, warning ksvc.Trouble
	// failed says that it ended for good.
	failed   bool
	state    string
	reported severity // the worst that was reported
}

// stage is how far an instance has come.
type stage struct{ created, scheduled, running, ready bool }

func (p *pod) stage() stage {
	return stage{created: p.seen != 0, scheduled: p.node != "", running: p.running, ready: p.readyNow}
}

func (p *pod) key() record.Key { return record.Key{RuntimeClass: p.class, Variant: p.variant} }

// severity orders what can be wrong with a pod.
type severity int

const (
	fine severity = iota
	troubled
	doomed // waiting will not mend it
)

// severity is that of the pod's own state.
func (p *pod) severity() severity {
	switch {
	case p.trouble.None():
		return fine
	case p.hopeless():
		return doomed
	}
	return troubled
}

// hopeless says that waiting for the pod is in vain.
func (p *pod) hopeless() bool {
	return p.failed || p.trouble.Hopeless() || p.warning.Hopeless()
}

// existed says whether the pod was there at an instant, Terminating included.
func (p *pod) existed(at time.Duration) bool {
	return p.seen <= at && (p.gone == 0 || at < p.gone)
}

// isReady says whether the pod was Ready at an instant.
func (p *pod) isReady(at time.Duration) bool {
	return p.existed(at) && p.ready != 0 && p.ready <= at && (p.terminating == 0 || at < p.terminating)
}

// hasHostname says whether a name is the hostname that the kubelet gave the pod.
func (p *pod) hasHostname(name string) bool {
	return name == p.name || name == record.Hostname(p.name)
}

// note keeps an evidence, the first of each source.
func (p *pod) note(e record.Phase) {
	for _, known := range p.evidence {
		if known.Name == e.Name && known.Source == e.Source {
			return
		}
	}
	p.evidence = append(p.evidence, e)
}

// finished says that a pod has ended for good although nobody deletes it: one that was
// evicted, say, or that its node refused (OutOfcpu). Such a pod counts as none. No
// container of it runs, as the kubelet reports the phase Failed or Succeeded only once
// all are terminated, and it is in no list of endpoints, so it can answer nothing. Its
// deployment replaces it at once and leaves it in the API: a service that waited for
// it to go would never be at zero.
//
// A pod that is being deleted takes on one of these phases, too, shortly before it
// goes. It counts until it is gone, because its node is still busy with removing it.
func finished(o *corev1.Pod) bool {
	ended := o.Status.Phase == corev1.PodFailed || o.Status.Phase == corev1.PodSucceeded
	return ended && o.DeletionTimestamp == nil
}

// observe takes in one version of the pod.
func (p *pod) observe(o *corev1.Pod, s sighting) {
	if p.seen == 0 {
		p.seen = s.at
	}
	p.node, p.state = o.Spec.NodeName, describePod(o)
	p.running = p.running || o.Status.Phase == corev1.PodRunning
	p.note(s.evidence(record.PhasePodCreated, "pod added", o.CreationTimestamp))
	if at, yes := condition(o, corev1.PodScheduled); yes || o.Spec.NodeName != "" {
		p.note(s.evidence(record.PhasePodScheduled, "pod spec.nodeName", at))
	}
	if at, yes := condition(o, corev1.PodReadyToStartContainers); yes {
		p.note(s.evidence(record.PhaseSandboxReady, "pod condition PodReadyToStartContainers", at))
	}
	p.observeContainers(o, s)
	at, yes := condition(o, corev1.PodReady)
	// Its condition stays as it is while it ends, but it gets no more requests.
	p.readyNow = yes && o.DeletionTimestamp == nil
	if yes {
		p.note(s.evidence(record.PhaseReady, "pod condition Ready", at))
		if p.ready == 0 {
			p.ready = s.at
		}
	}
	if o.DeletionTimestamp != nil && p.terminating == 0 {
		p.terminating = s.at
	}
	if p.terminating == 0 {
		p.trouble, p.failed = PodTrouble(o), o.Status.Phase == corev1.PodFailed
	}
}

// observeContainers takes in when the serving container started, and from which
// image.
func (p *pod) observeContainers(o *corev1.Pod, s sighting) {
	for _, c := range o.Status.ContainerStatuses {
		if p.serving == "" || c.Name != p.serving {
			continue
		}
		if c.ImageID != "" {
			p.imageID = c.ImageID
		}
		if r := c.State.Running; r != nil {
			p.note(s.evidence(record.PhaseContainersStarted, "pod status.containerStatuses "+c.Name, r.StartedAt))
		}
	}
}

// condition is whether one of the pod's conditions is true, and since when by the
// API server's clock.
func condition(o *corev1.Pod, kind corev1.PodConditionType) (metav1.Time, bool) {
	for _, c := range o.Status.Conditions {
		if c.Type == kind {
			return c.LastTransitionTime, c.Status == corev1.ConditionTrue
		}
	}
	return metav1.Time{}, false
}

// observeEvent takes in what the scheduler or a kubelet said about the pod. The
// kubelet says it when it happens, often well before the pod's status tells. It pulls
// or finds the first image only once the sandbox stands.
func (p *pod) observeEvent(e *corev1.Event, at time.Duration) {
	if e.Type == corev1.EventTypeWarning {
		p.warning = eventTrouble(e)
		return
	}
	p.observePull(e)
	s := sighting{at: at}
	switch e.Reason {
	case "Scheduled":
		p.note(s.evidence(record.PhasePodScheduled, "event Scheduled", noTime))
	case "Pulling", "Pulled", "Created":
		p.note(s.evidence(record.PhaseSandboxReady, "event "+e.Reason, noTime))
	case "Started":
		if p.serving != "" && containerOf(e.InvolvedObject.FieldPath) == p.serving {
			p.note(s.evidence(record.PhaseContainersStarted, "event Started", noTime))
		}
	}
}
