package watch

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

func eventAbout(uid types.UID) *corev1.Event {
	return &corev1.Event{InvolvedObject: corev1.ObjectReference{UID: uid}}
}

// Pods of others, which are never seen, must not take memory for ever.
func TestEarlyEventsAreForgotten(t *testing.T) {
	var e early
	for i := range 10 * earlyPods {
		uid := types.UID(fmt.Sprint(i))
		for range 2 * earlyEvents {
			e.keep(eventAbout(uid), time.Duration(i)*time.Millisecond)
		}
	}
	if len(e.events) != earlyPods || len(e.order) != earlyPods {
		t.Errorf("events of %d pods, %d in order, want %d", len(e.events), len(e.order), earlyPods)
	}
	const later = time.Hour
	e.keep(eventAbout("last"), later)
	if kept := e.take("last"); len(kept) != 1 || len(e.events) != 0 {
		t.Errorf("%d events of the last pod, and of %d others", len(kept), len(e.events))
	}
	if kept := e.take("0"); len(kept) != 0 {
		t.Errorf("%d events of the first pod", len(kept))
	}
	e.keep(eventAbout("new"), later+time.Second)
	if len(e.order) != 1 {
		t.Errorf("%d pods in order, want the new one", len(e.order))
	}
}

func TestEarlyEventsAreKept(t *testing.T) {
	var e early
	for i := range 2 * earlyEvents {
		e.keep(eventAbout("pod"), time.Duration(i)*time.Second)
	}
	if kept := e.take("pod"); len(kept) != earlyEvents || kept[0].at != 0 {
		t.Errorf("%d events, want the first %d", len(kept), earlyEvents)
	}
}
