package experiment

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// written says that the sink has the request of a sample.
func (m *memorySink) written(s record.Sample) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.requests, func(r record.Sample) bool {
		return r.Service == s.Service && r.Sent == s.Sent && r.Services == s.Services && r.Block == s.Block && r.Discarded == s.Discarded
	})
}

// watchProofs counts the proofs that begin, and those whose requests are not written yet.
func watchProofs(c *fakeCluster, sink *memorySink) (proofs, early *int) {
	var mu sync.Mutex
	proofs, early = new(int), new(int)
	c.proving = func(s record.Sample) {
		written := sink.written(s)
		mu.Lock()
		defer mu.Unlock()
		*proofs++
		if !written {
			*early++
		}
	}
	return proofs, early
}

func TestRequestsOfABurstAreWrittenBeforeTheirProofs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newRounds(targets(5, "runc"), "burst", 5)
		proofs, early := watchProofs(cluster, sink)
		if _, err := e.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if *proofs != 6 || *early != 0 || len(sink.requests) != 6 {
			t.Errorf("%d proofs, %d of them before the request was written, %d requests", *proofs, *early, len(sink.requests))
		}
	})
}

// The warm requests that estimate the offset of a clock take seconds, too.
func TestARequestIsWrittenBeforeWarmOnesFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, cluster, sink := newTurns(1, targets(1, "runc"))
		e.offsetRequests = 2
		proofs, early := watchProofs(cluster, sink)
		cluster.arrived = func(n int) {
			if n == 3 && len(sink.requests) != 2 { // the discarded start, the measured one, a warm one
				t.Errorf("%d requests are written when the first warm one arrives", len(sink.requests))
			}
		}
		if _, err := e.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if *proofs != 2 || *early != 0 || cluster.sent() != 4 {
			t.Errorf("%d proofs, %d of them before the request was written, %d sent", *proofs, *early, cluster.sent())
		}
	})
}

func TestARequestThatCannotBeWrittenEndsTheRun(t *testing.T) {
	full := errors.New("disk full")
	synctest.Test(t, func(t *testing.T) {
		e, _, sink := newTurns(2, targets(1, "runc"))
		sink.refuses = full
		if _, err := e.run(t.Context()); !errors.Is(err, full) || !strings.Contains(err.Error(), "record request to bench/runc-0") {
			t.Errorf("turns end with %v", err)
		}
		r, _, sink := newRounds(targets(2, "runc"), "burst", 2)
		sink.refuses = full
		if _, err := r.run(t.Context()); !errors.Is(err, full) || len(sink.samples) != 0 {
			t.Errorf("rounds end with %v and %d samples", err, len(sink.samples))
		}
	})
}
