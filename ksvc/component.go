package ksvc

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
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
	kind := record.EventComponentUp
	if down {
		kind = record.EventComponentDown
	}
	w.emit(record.Event{
		At: s.at, Kind: kind, Component: o.Namespace + "/" + o.Name, Value: float64(o.Status.ReadyReplicas),
		Message: fmt.Sprintf("%s/%s: %d of %d instances are Ready", o.Namespace, o.Name, o.Status.ReadyReplicas, wanted),
	})
}
