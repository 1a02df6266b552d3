package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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

// counter counts what is written to it.
type counter struct{ bytes int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}

// Ten minutes of a thousand requests a second, of which each takes another time and one in
// a hundred fails, stay under 50 MiB of run file, and leave nothing in memory.
func TestTenMinutesOfAThousandRequestsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var file counter
		w, err := record.NewWriter(&file, record.Header{RunID: "r"})
		if err != nil {
			t.Fatal(err)
		}
		tally := &Tally{Target: target(), Sink: w}
		tally.begin(0, func(err error) { t.Error(err) })
		random := rand.New(rand.NewPCG(1, 1))
		most := 0
		for i := range 600_000 {
			due := time.Duration(i) * time.Millisecond
			s := anyRequest(random, i, due)
			tally.sent(due)
			if err := tally.ended(due, &s); err != nil {
				t.Fatal(err)
			}
			most = max(most, tally.open())
			if i%1000 == 0 { // the second before is complete
				synctest.Wait()
			}
		}
		if err := errors.Join(tally.finish(), w.End(10*time.Minute, record.EndCompleted, nil)); err != nil {
			t.Fatal(err)
		}
		const limit = 50 << 20
		if file.bytes > limit || file.bytes < 1<<20 || most > 2 || tally.open() != 0 {
			t.Errorf("%d bytes, %d seconds were open at a time", file.bytes, most)
		}
		t.Logf("%.1f MiB", float64(file.bytes)/(1<<20))
	})
}

// open counts the seconds that are not written down.
func (t *Tally) open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.seconds)
}

// anyRequest is one of a load, due at an instant. One in a hundred fails.
func anyRequest(random *rand.Rand, i int, due time.Duration) record.Sample {
	s := record.Sample{
		RuntimeClass: "runc", Service: "h-1", Namespace: "bench", Revision: "h-1-00001", Services: 1, Intended: due, Sent: due,
		Done: due + time.Duration(float64(50*time.Millisecond)*math.Exp(random.NormFloat64())), Status: 200, Outcome: record.OK,
		Instance: &record.Instance{Pod: fmt.Sprintf("h-1-00001-deployment-%d", i%20)}, Function: &record.Function{Pod: "h-1-00001-deployment-0", Nonce: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Requests: 1},
	}
	s.ResponseLatency = s.Done - s.Sent
	if i%100 == 0 {
		s.Outcome, s.Error = record.HTTP, "status 503: no healthy upstream"
	}
	return s
}

// A disk that is slow, even slower than the load, makes no request late. All seconds are
// written down, in their order, when the load ends and when it is cut short.
func TestASlowDiskMakesNoRequestLate(t *testing.T) {
	for name, test := range map[string]struct {
		length, ends time.Duration
		sent         int
	}{
		"to its end":  {5 * time.Second, time.Hour, 500},
		"interrupted": {time.Hour, 4500 * time.Millisecond, 450},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, k := newWorld(), &kept{takes: 1500 * time.Millisecond}
				w.answers = func(n int64) string { return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy" }
				ctx, cancel := context.WithTimeout(t.Context(), test.ends)
				defer cancel()
				err := w.loop(t, "100/s", test.length, k).Run(ctx)
				w.serving.Wait()
				if errors.Is(err, context.DeadlineExceeded) != (name == "interrupted") {
					t.Errorf("got error %v", err)
				}
				for n, i := range k.intervals {
					if i.Second != n || i.Lateness != 0 {
						t.Errorf("interval %d is of second %d, late by %v", n, i.Second, i.Lateness)
					}
				}
				if sent := k.sum(func(i record.Interval) int { return i.Sent }); sent != test.sent || len(k.intervals) != 5 {
					t.Errorf("%d sent in %d seconds, want %d in 5", sent, len(k.intervals), test.sent)
				}
			})
		})
	}
}
