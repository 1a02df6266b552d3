package experiment

import (
	"errors"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/self"
)

// cost is what this program itself takes while it measures: load that it puts on the
// host, which may also be the node. A nil one counts nothing.
//
//	start ── begin ═════ end ── begin ═════ end ── … ── tell
//	         (cold start, proof, sample written)
//
// What it takes during a cold start competes with that cold start. What it takes in
// between, mostly to watch pods of earlier ones end, does not.
type cost struct {
	started  time.Time
	cpu      time.Duration
	requests int64
	// begun is the CPU time when the latest trial began, inTrials the sum over those
	// that ended.
	begun    time.Duration
	inTrials time.Duration
}

// startCost begins to count.
func (s *session) startCost() {
	s.cost = &cost{started: time.Now(), cpu: self.CPUTime(), requests: s.cluster.Requests()}
}

func (c *cost) beginTrial() {
	if c != nil {
		c.begun = self.CPUTime()
	}
}

func (c *cost) endTrial() {
	if c != nil && c.begun > 0 {
		c.inTrials += self.CPUTime() - c.begun
		c.begun = 0
	}
}

// tellCost writes the cost of the samples down and tells it.
func (s *session) tellCost(samples int) error {
	c, requests := s.cost, s.cluster.Requests()
	spent := Cost{
		Samples: samples, InTrials: c.inTrials, CPU: self.CPUTime() - c.cpu, Elapsed: time.Since(c.started), PeakMemory: self.PeakMemory(),
		Services: s.deployed, Requests: requests - c.requests, AllRequests: requests, Rounds: s.header.Shape.Rounds || s.header.Shape.Load || s.header.Shape.Work,
	}
	s.observer.See(spent)
	all := record.Resource{At: s.clock.Now(), Scope: record.ScopeTool, CPU: spent.CPU}
	if spent.Rounds {
		all.MemoryBytes = spent.PeakMemory
		return s.writer.Resource(all)
	}
	return errors.Join(s.writer.Resource(all),
		s.writer.Resource(record.Resource{At: all.At, Scope: record.ScopeToolInTrials, CPU: spent.InTrials}))
}
