package watch

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func TestAStartWithAPullIsFlagged(t *testing.T) {
	event := func(reason, message, container string) *corev1.Event {
		return ksvctest.NewPodEvent("u1", corev1.EventTypeNormal, reason, message, container)
	}
	pulled := func(size string) string {
		return "Successfully pulled image \"i\" in 1.2s (1.2s including waiting). Image size: " + size + " bytes."
	}
	tests := []struct {
		name   string
		events []*corev1.Event
		pulled bool
		bytes  int64
	}{
		{"no event", nil, false, 0},
		{"present", []*corev1.Event{event("Pulled", "Container image \"i\" already present on machine", "user-container")}, false, 0},
		{"pulled", []*corev1.Event{event("Pulling", "Pulling image \"i\"", "user-container"), event("Pulled", pulled("1200"), "user-container")}, true, 1200},
		{"the images of two containers", []*corev1.Event{event("Pulled", pulled("1200"), "user-container"), event("Pulled", pulled("34"), "queue-proxy")}, true, 1234},
		{"without a size", []*corev1.Event{event("Pulled", "Successfully pulled image \"i\" in 1.2s", "user-container")}, true, 0},
		{"still pulling", []*corev1.Event{event("Pulling", "Pulling image \"i\"", "user-container")}, true, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range []record.Sample{silent(), answered(ksvctest.Pod, 1), failed(record.Timeout)} {
				p := newPlayed(t, options{catchUp: ms})
				p.atZero()
				p.birth("u1")
				for _, e := range test.events {
					p.play(10400*ms, watch.Added, e)
				}
				if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
					t.Fatal(err)
				}
				if s.Pulled != test.pulled || s.PulledBytes != test.bytes {
					t.Errorf("by %q, %s: pulled %v, %d bytes, want %v, %d", s.Proof, s.Outcome, s.Pulled, s.PulledBytes, test.pulled, test.bytes)
				}
			}
		})
	}
}

// A pull of a pod that was there before says nothing about the request.
func TestAnEarlierPullIsNotFlagged(t *testing.T) {
	p := newPlayed(t, options{catchUp: ms})
	p.atZero()
	p.play(9000*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Ready))
	p.play(9100*ms, watch.Added, ksvctest.NewPodEvent("u1", corev1.EventTypeNormal, "Pulling", "", "user-container"))
	s := answered(ksvctest.Pod, 1)
	if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
		t.Fatal(err)
	}
	if s.Pulled || s.Cold != record.Warm {
		t.Errorf("pulled %v, cold %s", s.Pulled, s.Cold)
	}
}
