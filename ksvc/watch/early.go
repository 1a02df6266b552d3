package watch

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// How many pods may have events that are kept before the pod is seen, how many events of
// one pod are kept, and for how long. Other pods of the namespace end up there too, and
// are forgotten in their turn.
const (
	earlyPods   = 1024
	earlyEvents = 16
	earlyTerm   = time.Minute // a watch that is later than that is down
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
	kept, known := e.events[uid]
	if !known {
		e.order = append(e.order, uid)
	}
	if len(kept) < earlyEvents {
		e.events[uid] = append(kept, earlyEvent{event: event, at: at})
	}
	e.forget(at)
}

// forget forgets the events of pods that are no longer expected.
func (e *early) forget(now time.Duration) {
	for len(e.order) > 0 {
		kept := e.events[e.order[0]]
		if len(kept) > 0 && now-kept[0].at <= earlyTerm && len(e.order) <= earlyPods {
			return
		}
		delete(e.events, e.order[0])
		e.order = e.order[1:]
	}
}

// take returns and forgets the events about a pod.
func (e *early) take(uid types.UID) []earlyEvent {
	events := e.events[uid]
	delete(e.events, uid)
	return events
}
