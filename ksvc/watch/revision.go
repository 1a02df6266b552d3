package watch

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
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// pastPods is how many pods that are gone a revision remembers: those of the trial
// that is being proven, and a few before.
const pastPods = 16

// revision is what the watches saw of one revision and what belongs to it. It is
// guarded by its Watch's lock.
type revision struct {
	name    string
	pods    []*pod // in order of first sight
	scale   changes
	desired changes
	// mode says where requests go: in mode Proxy to the activator.
	mode            v1alpha1.ServerlessServiceOperationMode
	activatorRouted bool
	inactive        bool
	// blocked is why the deployment can make no pods.
	blocked ksvc.Trouble
	changed feed.Signal
}

func (r *revision) byUID(uid types.UID) *pod {
	for _, p := range slices.Backward(r.pods) {
		if p.uid == uid {
			return p
		}
	}
	return nil
}

// byHostname is the newest pod that has a hostname, or nil.
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

// observeDeployment takes in one version of the deployment, and says whether it asks for
// another number of instances.
func (r *revision) observeDeployment(d *appsv1.Deployment, s sighting) (scaled bool) {
	if d.Spec.Replicas != nil {
		scaled = r.scale.add(*d.Spec.Replicas, s.evidence(record.PhaseScaled, "deployment spec.replicas", noTime), s.at)
	}
	r.blocked = ksvc.Trouble{}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			r.blocked = ksvc.NewTrouble(c.Reason, phrase.Join("no pod can be created", c.Reason, c.Message))
		}
	}
	return scaled
}

// observeAutoscaler takes in one version of the autoscaler, and says whether it wants
// another number of instances.
func (r *revision) observeAutoscaler(a *autoscaling.PodAutoscaler, s sighting) (scaled bool) {
	if d := a.Status.DesiredScale; d != nil {
		scaled = r.desired.add(*d, s.evidence(record.PhaseScaled, "podautoscaler status.desiredScale", noTime), s.at)
	}
	r.inactive = a.Status.IsInactive()
	return scaled
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

// names are those of a few pods, with their states.
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
