package ksvc

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// observeNode reports when a condition of a node begins or ends to speak against
// starting more instances: pressure on memory, disk or process ids, or a kubelet
// that is not Ready.
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
			Message: fmt.Sprintf("node %s: %s is %s: %s", o.Name, c.Type, c.Status, oneLine(c.Message))}
		if bad {
			e.Value = 1
		}
		w.emit(e)
	}
}
