package experiment

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// An ingress that is down for a while costs the discarded round, not all trials that
// would be refused meanwhile.
func TestTurnsOutlastsTheIngress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(2, targets(3, "runc"))
		cluster.brokenUntil = 5 * time.Second
		samples, err := e.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range samples {
			if want := map[bool]record.Outcome{true: record.Refused, false: record.OK}[i < 3]; s.Outcome != want {
				t.Errorf("sample %d: %s %s, want %s", i, s.Outcome, s.Error, want)
			}
		}
		if restored := sink.ofKind(record.EventRouteRestored); len(samples) != 5 || len(restored) != 1 || restored[0].Value != 5 {
			t.Errorf("%d samples, events %+v", len(samples), restored)
		}
	})
}

// A service that was at zero when it was waited for, long before its turn, is
// looked at again.
func TestTurnsLooksAgainBeforeSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(2, targets(2, "runc"))
		e.observer = ObserverFunc(func(n Notice) {
			if taken, ok := n.(SampleTaken); ok && taken.Done == 3 { // somebody else wakes both services
				cluster.leave("runc-0")
				cluster.leave("runc-1")
				cluster.inFlight += 2
			}
		})
		if _, err := e.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if next := sink.samples[3]; next.Sent < sink.samples[2].Done+cluster.backToZero {
			t.Errorf("sent at %v, while the service was awake", next.Sent)
		}
	})
}
