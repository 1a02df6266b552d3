package main

import (
	"errors"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// cost is what this program itself took while it measured: load that it put on
// the machine, if that is also the node.
//
//	start ── begin ═════ end ── begin ═════ end ── … ── tell
//	         (cold start, proof, sample written)
//
// What it takes during a cold start competes with that cold start. What it takes
// in between, mostly to watch pods of earlier ones end, does not.
type cost struct {
	client   *ksvc.Client
	cpu      time.Duration
	requests int64
	// begun is the CPU time when the latest trial began, inTrials the sum over those
	// that ended.
	begun    time.Duration
	inTrials time.Duration
	started  time.Time
}

// collectorPercent has the garbage collector run when the heap has grown to five
// times what lives, not two, so that fewer collections fall into a cold start. A
// run of single then holds 67 MiB at most, program included. GOGC overrules it.
const collectorPercent = 400

// startCost begins to count, and makes what is counted less.
func startCost(client *ksvc.Client) *cost {
	setCollector(collectorPercent)
	return &cost{client: client, cpu: cpuTime(), requests: client.Requests(), started: time.Now()}
}

func setCollector(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

func (c *cost) beginTrial() { c.begun = cpuTime() }
func (c *cost) endTrial()   { c.inTrials += cpuTime() - c.begun }

// stop is the cost since the start: CPU time, and requests to the API server.
func (c *cost) stop() (cpu time.Duration, requests int64) {
	return cpuTime() - c.cpu, c.client.Requests() - c.requests
}

// cpuTime is the process's, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// tellCost writes the cost of the samples down and says it.
func (s *session) tellCost(c *cost, samples int) error {
	cpu, requests := c.stop()
	if n := time.Duration(samples); n > 0 {
		sayCost(c.inTrials/n, cpu/n, float64(requests)/float64(samples))
	}
	at := s.clock.Now()
	return errors.Join(
		s.writer.Resource(record.Resource{At: at, Scope: record.ScopeTool, CPU: cpu}),
		s.writer.Resource(record.Resource{At: at, Scope: record.ScopeToolInTrials, CPU: c.inTrials}),
	)
}

// tellWatching writes down and says what it takes to watch many services: the
// share of one core, the most memory that was ever resident, and the API requests
// for each service, its creation included.
func (s *session) tellWatching(c *cost) error {
	cpu, _ := c.stop()
	memory := peakMemory()
	sayWatching(float64(cpu)/float64(time.Since(c.started)), memory, float64(c.client.Requests())/float64(s.deployed))
	return s.writer.Resource(record.Resource{At: s.clock.Now(), Scope: record.ScopeTool, CPU: cpu, MemoryBytes: memory})
}

// peakMemory is the most of the process that was resident, in bytes.
func peakMemory() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return int64(u.Maxrss) * 1024 // the kernel counts KiB
}
