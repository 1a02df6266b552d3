package main

import (
	"syscall"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// cost is what this program itself took while it measured: load that it put on
// the machine, if that is also the node.
type cost struct {
	client   *ksvc.Client
	cpu      time.Duration
	requests int64
}

// startCost begins to count.
func startCost(client *ksvc.Client) cost {
	return cost{client, cpuTime(), client.Requests()}
}

// stop is the cost since the start: CPU time, and requests to the API server.
func (c cost) stop() (cpu time.Duration, requests int64) {
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
func (s *session) tellCost(c cost, samples int) error {
	cpu, requests := c.stop()
	if samples > 0 {
		sayCost(cpu/time.Duration(samples), float64(requests)/float64(samples))
	}
	return s.writer.Resource(record.Resource{At: s.clock.Now(), Scope: record.ScopeTool, CPU: cpu})
}
