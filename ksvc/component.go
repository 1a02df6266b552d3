package ksvc

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Kinds of event about Knative's own deployments, such as the autoscaler. They
// prove nothing about a sample, but explain one that took ten times as long.
const (
	EventComponentDown = "componentDown"
	EventComponentUp   = "componentUp"
)

// observeComponent reports a deployment of Knative that loses instances, and that
// has all of them again.
func (w *Watch) observeComponent(o *appsv1.Deployment, s sighting) {
	wanted := int32(1)
	if o.Spec.Replicas != nil {
		wanted = *o.Spec.Replicas
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	down := o.Status.ReadyReplicas < wanted
	if down == w.componentsDown[o.Name] {
		return
	}
	w.componentsDown[o.Name] = down
	kind := EventComponentUp
	if down {
		kind = EventComponentDown
	}
	w.emit(record.Event{
		At: s.at, Kind: kind, Value: float64(o.Status.ReadyReplicas),
		Message: fmt.Sprintf("%s/%s: %d of %d instances are Ready", o.Namespace, o.Name, o.Status.ReadyReplicas, wanted),
	})
}
