package watch

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// observeComponent reports when a deployment of Knative lacks instances, and when it
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

// observeNode reports when a condition of a node begins or ends to speak against
// starting more instances: pressure on memory, disk or process ids, or a kubelet that
// is not Ready.
func (w *Watch) observeNode(o *corev1.Node, s sighting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range o.Status.Conditions {
		bad := c.Status == corev1.ConditionTrue
		if c.Type == corev1.NodeReady {
			bad = c.Status != corev1.ConditionTrue
		}
		name := o.Name + "/" + string(c.Type)
		if bad == w.nodesTroubled[name] {
			continue
		}
		w.nodesTroubled[name] = bad
		e := record.Event{At: s.at, Kind: record.EventNodeCondition, Node: o.Name, Condition: string(c.Type),
			Message: fmt.Sprintf("node %s: %s is %s: %s", o.Name, c.Type, c.Status, phrase.OneLine(c.Message))}
		if bad {
			e.Value = 1
		}
		w.emit(e)
	}
}
