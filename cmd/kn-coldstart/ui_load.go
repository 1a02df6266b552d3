package main

import (
	"strings"
	"sync"

	"github.com/kn-coldstart/kn-coldstart/analysis/hist"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// This file is part of ui.go: how a load goes, for people.

// loadLogSeconds is how many seconds of a load a line tells of together.
const loadLogSeconds = 5

// loadLog prints a line for every few seconds of a load.
type loadLog struct {
	runLog
	mu sync.Mutex
	// what has gathered since the latest line.
	seconds, due, failed int
	latencies            *hist.Histogram
}

func newLoadLog() *loadLog { return &loadLog{} }

// See implements experiment.Observer.
func (l *loadLog) See(n experiment.Notice) {
	switch n := n.(type) {
	case experiment.LoadBegun:
		sayStep("load on %s: %s for %v", n.Target.Key(), n.Rate, n.Length)
		l.clear()
	case experiment.LoadSecond:
		l.second(n)
	case experiment.LoadEnded:
		sayLoadEnded(n)
	case experiment.RateJudged:
		sayRateHeld(n)
	case experiment.SampleTaken: // the discarded start
	default:
		l.runLog.See(n)
	}
}

func (l *loadLog) clear() {
	l.seconds, l.due, l.failed = 0, 0, 0
	l.latencies, _ = hist.New("") // an empty tag is one
}

func (l *loadLog) second(n experiment.LoadSecond) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := &n.Interval
	l.seconds++
	l.due += i.Sent + i.Dropped
	l.failed += i.Failures() + i.Dropped
	if h, err := hist.Decode("", i.Latencies, int64(i.Answered)); err == nil {
		_ = l.latencies.Merge(h) // both are of the same range
	}
	if l.seconds < loadLogSeconds && stderr.how() != progressRedrawn {
		return
	}
	others := ""
	if l.latencies.Count() > 0 {
		p99, _ := l.latencies.Quantile(0.99)
		others = ", p99 of the others " + stat.Format(p99)
	}
	sayProgress("  to second %d: %d requests, %d failed%s; %d instances alive, %d Ready",
		i.Second, l.due, l.failed, others, n.Instances.Alive, n.Instances.Ready)
	l.clear()
}

func sayRateHeld(n experiment.RateJudged) {
	if len(n.Reasons) == 0 {
		sayStep("  %d/s held", n.Rate)
		return
	}
	sayStep("  %d/s did not hold: %s", n.Rate, strings.Join(n.Reasons, "; "))
}

func sayLoadEnded(n experiment.LoadEnded) {
	if n.Sent == 0 || n.Elapsed <= 0 {
		return
	}
	sayStep("  %d requests sent; own cost: %.1f %% of one core, %.2f ms of CPU time per request", n.Sent,
		100*n.CPU.Seconds()/n.Elapsed.Seconds(), 1000*n.CPU.Seconds()/float64(n.Sent))
}
