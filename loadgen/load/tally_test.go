package load

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Failures are counted by outcome. The first ones of a second are written down, and of
// the others it is said how many there are.
func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		w.answers = func(n int64) string {
			if n > 100 && n <= 130 {
				return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
			}
			return answerOf("h-1-00001-deployment-a", n)
		}
		w.run(t, w.loop(t, "100/s", 3*time.Second, k))
		bad := k.intervals[1]
		if diff := cmp.Diff(map[record.Outcome]int{record.HTTP: 30}, bad.Failed); diff != "" || bad.Answered != 70 || bad.Sent != 100 {
			t.Errorf("%s %+v", diff, bad)
		}
		selected := map[record.Selected]int{}
		for _, s := range k.samples {
			selected[s.Selected]++
			if !s.Discarded || s.Failed() != (s.Selected == record.SelectedFailed) || s.Failed() && s.Error != "status 503: busy" {
				t.Errorf("sample %+v", s)
			}
		}
		if diff := cmp.Diff(map[record.Selected]int{record.SelectedFailed: mostFailed, record.SelectedSlowest: 3 * mostSlowest}, selected); diff != "" {
			t.Error(diff)
		}
		if len(k.events) != 1 || k.events[0].Kind != record.EventSamplesLeftOut || k.events[0].Value != 20 || k.events[0].At != time.Second {
			t.Errorf("events %+v", k.events)
		}
	})
}

// The slowest are the slowest, counted from when they were due.
func TestSlowest(t *testing.T) {
	s := newSecond()
	for i := range 100 {
		took := time.Duration(i*37%100+1) * time.Millisecond // 1 to 100 ms in no order
		s.sent++
		s.answer(&record.Sample{Intended: time.Second, Sent: time.Second, Done: time.Second + took, Outcome: record.OK}, took, false)
	}
	for i, one := range s.slowest {
		if want := time.Duration(96+i) * time.Millisecond; latencyOf(one) != want {
			t.Errorf("slowest %d took %v, want %v", i, latencyOf(one), want)
		}
	}
	if len(s.slowest) != mostSlowest || s.open() != 0 {
		t.Errorf("%d are kept, %d are open", len(s.slowest), s.open())
	}
}

// A request has waited for an instance that was not Ready when it was sent.
func TestWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		const ready = 1500 * time.Millisecond // of the second instance
		w.takes = func(at time.Duration) time.Duration { return max(10*time.Millisecond, ready-at) }
		w.answers = func(n int64) string { return answerOf(fmt.Sprintf("h-1-00001-deployment-%d", n%2), n) }
		l := w.loop(t, "10/s", 3*time.Second, k)
		l.Tally.WasReady = func(pod string, at time.Duration) bool { return pod == "h-1-00001-deployment-0" || at >= ready }
		w.run(t, l)
		for second, want := range []int{5, 2, 0} {
			i := k.intervals[second]
			if (i.Waited-want)*(i.Waited-want) > 1 || i.Told != 10 || i.Instances != 2 || int(decoded(t, i.WaitedLatencies).TotalCount()) != i.Waited {
				t.Errorf("second %d: %d waited, want about %d: %+v", second, i.Waited, want, i)
			}
		}
	})
}
