package ksvc

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	autoscaling "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const (
	// pastPods is how many pods that are gone a revision remembers: the trial
	// that is being judged, and a few before it.
	pastPods = 16
	// pastChanges is how many changes of scale a revision remembers.
	pastChanges = 32
)

// revision is what the watches saw of one revision and what belongs to it. It is
// guarded by its Watch's lock.
type revision struct {
	name    string
	pods    []*pod // in order of first sight
	scale   changes
	desired changes
	// routed says where requests go: "Proxy" is the activator.
	mode            v1alpha1.ServerlessServiceOperationMode
	activatorRouted bool
	inactive        bool
	// blocked is why the deployment can make no pods.
	blocked string
	changed signal
}

// change is one value of a number that is watched, from at on.
type change struct {
	at    time.Duration
	value int32
	phase record.Phase
}

type changes []change

func (c *changes) add(value int32, e record.Phase, at time.Duration) {
	if n := len(*c); n > 0 && (*c)[n-1].value == value {
		return
	}
	*c = append(*c, change{at: at, value: value, phase: e})
	if len(*c) > pastChanges {
		*c = slices.Delete(*c, 0, len(*c)-pastChanges)
	}
}

// at is the value at an instant, if one was known.
func (c changes) at(t time.Duration) (int32, bool) {
	for _, one := range slices.Backward(c) {
		if one.at <= t {
			return one.value, true
		}
	}
	return 0, false
}

// last is the current value, if one is known.
func (c changes) last() (int32, bool) {
	if len(c) == 0 {
		return 0, false
	}
	return c[len(c)-1].value, true
}

// raised is the first change to more than zero after an instant.
func (c changes) raised(after time.Duration) (record.Phase, bool) {
	for _, one := range c {
		if one.at > after && one.value > 0 {
			return one.phase, true
		}
	}
	return record.Phase{}, false
}

func (r *revision) byUID(uid types.UID) *pod {
	for _, p := range slices.Backward(r.pods) {
		if p.uid == uid {
			return p
		}
	}
	return nil
}

// byHostname is the newest pod with a hostname.
func (r *revision) byHostname(name string) *pod {
	for _, p := range slices.Backward(r.pods) {
		if p.hasHostname(name) {
			return p
		}
	}
	return nil
}

// existing are the pods that there were at an instant, Terminating included.
func (r *revision) existing(at time.Duration) []*pod {
	var found []*pod
	for _, p := range r.pods {
		if p.existed(at) {
			found = append(found, p)
		}
	}
	return found
}

// firstAfter is the first pod that was seen after an instant.
func (r *revision) firstAfter(at time.Duration) *pod {
	for _, p := range r.pods {
		if p.seen > at {
			return p
		}
	}
	return nil
}

// trim forgets the oldest pods that are gone.
func (r *revision) trim() {
	gone := 0
	for _, p := range r.pods {
		if p.gone != 0 {
			gone++
		}
	}
	r.pods = slices.DeleteFunc(r.pods, func(p *pod) bool {
		if p.gone == 0 || gone <= pastPods {
			return false
		}
		gone--
		return true
	})
}

func (r *revision) observeDeployment(d *appsv1.Deployment, s sighting) {
	if d.Spec.Replicas != nil {
		r.scale.add(*d.Spec.Replicas, s.evidence(record.PhaseScaled, "deployment spec.replicas", noTime), s.at)
	}
	r.blocked = ""
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			r.blocked = joined("no pod can be created", c.Reason, c.Message)
		}
	}
}

func (r *revision) observeAutoscaler(a *autoscaling.PodAutoscaler, s sighting) {
	if d := a.Status.DesiredScale; d != nil {
		r.desired.add(*d, s.evidence(record.PhaseScaled, "podautoscaler status.desiredScale", noTime), s.at)
	}
	r.inactive = a.Status.IsInactive()
}

func (r *revision) observeRouting(k *v1alpha1.ServerlessService) {
	r.mode = k.Spec.Mode
	c := k.Status.GetCondition(v1alpha1.ActivatorEndpointsPopulated)
	r.activatorRouted = k.Status.ObservedGeneration >= k.Generation && c.IsTrue()
}

// awaitsZero says what still keeps the revision from being at zero, or "".
func (r *revision) awaitsZero(now time.Duration) string {
	if pods := r.existing(now); len(pods) > 0 {
		return fmt.Sprintf("%d pods exist: %s", len(pods), names(pods))
	}
	replicas, known := r.scale.last()
	switch {
	case !known:
		return "its deployment was not seen"
	case replicas != 0:
		return fmt.Sprintf("its deployment asks for %d pods", replicas)
	case r.mode == "":
		return "its serverless service was not seen"
	case r.mode != v1alpha1.SKSOperationModeProxy:
		return fmt.Sprintf("its serverless service is in mode %s, not Proxy", r.mode)
	case !r.activatorRouted:
		return "its serverless service is not routed to the activator"
	case !r.inactive:
		return "its autoscaler is active"
	}
	return ""
}

// names lists a few pods with their states.
func names(pods []*pod) string {
	const most = 3
	var s []string
	for _, p := range pods[:min(len(pods), most)] {
		s = append(s, fmt.Sprintf("%s (%s)", p.name, p.state))
	}
	if len(pods) > most {
		s = append(s, "…")
	}
	return strings.Join(s, ", ")
}
