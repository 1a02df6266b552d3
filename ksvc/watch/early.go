package watch

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// How many pods may have events that are kept before the pod is seen, and how many
// events of one pod are kept. Other pods of the namespace end up there too, and are
// forgotten in their turn.
const (
	earlyPods   = 1024
	earlyEvents = 16
)

// early keeps events that arrived before the pod that they are about, as the two come
// by different watches.
type early struct {
	events map[types.UID][]earlyEvent
	order  []types.UID
}

type earlyEvent struct {
	event *corev1.Event
	at    time.Duration
}

func (e *early) keep(event *corev1.Event, at time.Duration) {
	uid := event.InvolvedObject.UID
	if e.events == nil {
		e.events = map[types.UID][]earlyEvent{}
	}
	if _, known := e.events[uid]; !known {
		e.order = append(e.order, uid)
		if len(e.order) > earlyPods {
			delete(e.events, e.order[0])
			e.order = e.order[1:]
		}
	}
	if len(e.events[uid]) < earlyEvents {
		e.events[uid] = append(e.events[uid], earlyEvent{event: event, at: at})
	}
}

// take returns and forgets the events about a pod.
func (e *early) take(uid types.UID) []earlyEvent {
	events := e.events[uid]
	delete(e.events, uid)
	return events
}
