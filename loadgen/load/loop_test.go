package load

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// stalls is a service that answers within 10 ms, but for the five seconds from the tenth
// on, in which it answers nothing.
func stalls(at time.Duration) time.Duration {
	const from, to = 10 * time.Second, 15 * time.Second
	if at >= from && at < to {
		return to - at + 10*time.Millisecond
	}
	return 10 * time.Millisecond
}

// An open loop sees a stall of five seconds in every request that was due meanwhile. A
// closed loop of the same rate, as of hey -c 10 -q 10, sends nothing meanwhile: it sees
// ten slow requests, which are in no percentile that people look at.
func TestAStallIsSeenByTheOpenLoopAndHiddenByTheClosedOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		w.takes = stalls
		w.run(t, w.loop(t, "100/s", 30*time.Second, k))
		open := k.latencies(t)
		if n := open.TotalCount(); n != 3000 {
			t.Errorf("%d requests were answered, want 3000", n)
		}
		// 500 of 3000 were due in the stall. The 300 slowest waited 2 s or more, 30 of them 4.7 s.
		for p, want := range map[float64]time.Duration{50: 10 * time.Millisecond, 90: 2010 * time.Millisecond, 99: 4710 * time.Millisecond} {
			if got := percentile(open, p); (got - want).Abs() > 20*time.Millisecond {
				t.Errorf("open loop: p%g is %v, want %v", p, got, want)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.takes = stalls
		closed := closedLoop(t, w, 10, 100*time.Millisecond, 30*time.Second)
		if got := percentile(closed, 99); got != 10*time.Millisecond {
			t.Errorf("closed loop: p99 is %v: it no longer hides the stall", got)
		}
		if n := closed.TotalCount(); n > 2520 {
			t.Errorf("closed loop: %d requests, want about 2500", n)
		}
	})
}

// closedLoop has workers that send a request every so often, each only once the one
// before was answered.
func closedLoop(t *testing.T, w *world, workers int, every, length time.Duration) *hdrhistogram.Histogram {
	t.Helper()
	all := hdrhistogram.New(int64(record.LowestLatency), int64(record.HighestLatency), record.LatencyDigits)
	var mu sync.Mutex
	var working sync.WaitGroup
	p := &pool{client: w.client(), target: target()}
	p.client.KeepAlive = true
	for range workers {
		working.Go(func() {
			for w.clock.Now() < length {
				next := w.clock.Now() + every
				r, err := p.take()
				if err != nil {
					t.Error(err)
					return
				}
				s, err := r.Send(t.Context(), w.clock.Now())
				p.put(r)
				mu.Lock()
				if all.RecordValue(int64(s.ResponseLatency)) != nil || err != nil || s.Failed() {
					t.Errorf("%v %+v", err, s)
				}
				mu.Unlock()
				time.Sleep(next - w.clock.Now())
			}
		})
	}
	working.Wait()
	p.close()
	w.serving.Wait()
	return all
}

// The stall is in the seconds in which requests were due, and is over with it.
func TestSecondsOfAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		w.takes = stalls
		w.run(t, w.loop(t, "100/s", 20*time.Second, k))
		if len(k.intervals) != 20 {
			t.Fatalf("%d intervals", len(k.intervals))
		}
		for _, i := range k.intervals {
			want := 10 * time.Millisecond
			if left := 15 - i.Second; left > 0 && left <= 5 {
				want = time.Duration(left)*time.Second - 500*time.Millisecond
			}
			got := percentile(decoded(t, i.Latencies), 50)
			if (got-want).Abs() > 30*time.Millisecond || i.Sent != 100 || i.Answered != 100 || i.At != time.Duration(i.Second)*time.Second || i.Lateness != 0 {
				t.Errorf("second %d: median %v, want %v: %+v", i.Second, got, want, i)
			}
		}
	})
}

// Connections are kept: there are as many as requests under way at a time.
func TestConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		w.takes = func(time.Duration) time.Duration { return 45 * time.Millisecond }
		w.run(t, w.loop(t, "100/s", 60*time.Second, k))
		if n := w.dialed.Load(); n != 5 {
			t.Errorf("%d connections for 6000 requests, of which 5 are under way at a time", n)
		}
	})
}

// What is due while as many requests are under way as may be is dropped, and counted.
func TestDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		w.takes = stalls
		l := w.loop(t, "100/s", 20*time.Second, k)
		l.InFlight = 50
		w.run(t, l)
		dropped := k.sum(func(i record.Interval) int { return i.Dropped })
		sent := k.sum(func(i record.Interval) int { return i.Sent })
		if dropped < 450 || dropped > 452 || sent+dropped != 2000 {
			t.Errorf("%d sent, %d dropped; want 450 dropped of 2000", sent, dropped)
		}
	})
}

// An interrupted load says what was sent: what had ended, and what was cut off.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, k := newWorld(), &kept{}
		w.takes = stalls
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		if err := w.loop(t, "100/s", 30*time.Second, k).Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v", err)
		}
		w.serving.Wait()
		answered := k.sum(func(i record.Interval) int { return i.Answered })
		cut := k.sum(func(i record.Interval) int { return i.CutOff })
		if answered < 995 || answered > 1000 || answered+cut != 1200 {
			t.Errorf("%d answered and %d cut off, want 1000 and 200", answered, cut)
		}
	})
}

// Where nothing can be written down any more, nothing more is sent.
func TestAFullDiskEndsTheLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		w, k := newWorld(), &kept{fails: full}
		err := w.loop(t, "100/s", 30*time.Second, k).Run(t.Context())
		w.serving.Wait()
		if n := w.requests.Load(); !errors.Is(err, full) || n > 110 {
			t.Errorf("%d requests were sent, %v", n, err)
		}
	})
}
