package watch

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// A probe that fails while an instance starts explains that no answer came, and
// nothing else.
func TestProveBlamesProbesForSilenceOnly(t *testing.T) {
	wrong, broken := answered("another-service", 1), failed(record.HTTP)
	wrong.Outcome, wrong.Status, broken.Status = record.WrongInstance, 200, 500
	for _, test := range []struct {
		sample record.Sample
		blamed bool
	}{{wrong, false}, {broken, false}, {failed(record.Timeout), true}} {
		p := newPlayed(t, options{catchUp: time.Millisecond})
		p.zero(time.Second)
		p.play(10200*ms, watch.Added, ksvctest.NewPod("u1"))
		p.play(10300*ms, watch.Added, ksvctest.NewPodEvent("u1", corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed", "queue-proxy"))
		s := test.sample
		if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(s.Error, "probe failed") != test.blamed {
			t.Errorf("%s %d: error %q, want the probe blamed: %v", s.Outcome, s.Status, s.Error, test.blamed)
		}
	}
}
