package watch

import (
	"context"
	"errors"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

var errNotOurs = errors.New("end pods: the services existed before the run")

// EndSurplus ends the pods of each revision sooner whose deployment asks for none any
// more, until ctx ends. Left alone such a pod is Terminating for half a minute:
//
//	deployment at zero          the pod ends by itself
//	        |── its controller deletes it ── 30 s ──|
//	        |── EndSurplus deletes it ── 3 s ──|
//
// The deletion has to come before that of the pod's controller. Once the kubelet has
// begun to end a pod with its own grace period, it waits for the answer of
// queue-proxy's preStop hook, and a shorter grace period that comes later changes
// nothing. The controller has to hear of the deployment and then of its replica set,
// which takes two steps more than this. Where the controller is first, the pod ends by
// itself.
//
// It fails with the first deletion that is refused, and at once where the services are
// not the run's own.
func (w *Watch) EndSurplus(ctx context.Context) error {
	if w.scope.existing != nil {
		return errNotOurs
	}
	for {
		w.mu.Lock()
		pods, changed := w.surplus(), w.scaledDown.Next()
		w.mu.Unlock()
		if err := w.client.EndSooner(ctx, pods); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if feed.Pause(ctx, changed, 0) != nil {
			return nil
		}
	}
}

// surplus are the pods to end; w.mu is held. Each is returned once.
func (w *Watch) surplus() []ksvc.PodID {
	var pods []ksvc.PodID
	for _, p := range w.pods {
		replicas, known := w.revision(p.revision).scale.last()
		if !known || replicas != 0 || p.terminating != 0 || p.ended {
			continue
		}
		p.ended = true
		pods = append(pods, ksvc.PodID{Namespace: w.client.Namespace, Name: p.name, UID: p.uid})
	}
	return pods
}
