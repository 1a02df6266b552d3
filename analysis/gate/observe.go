package gate

import (
	"fmt"
	"math"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Observe says whether what was seen in one round of a cell is as the expression
// says, and what was seen. It is for a rule that stops an experiment, not for a
// verdict: nothing is inferred beyond the round.
//
// Every service of the round counts. One that was not answered, for whatever
// reason, took longer than any limit.
func (t Threshold) Observe(c *analysis.Cell) (met bool, seen string) {
	m, known := metricOf(t.Metric)
	if !known || m.observe == nil {
		return false, fmt.Sprintf("%s cannot be observed", t.Metric)
	}
	return m.observe(t, c, max(c.Samples, c.Services))
}

func (t Threshold) observeFailed(c *analysis.Cell, all int) (bool, string) {
	return t.observeShare(all-c.OK, all, "not answered")
}

func (t Threshold) observeAnswered(c *analysis.Cell, all int) (bool, string) {
	return t.observeShare(c.OK, all, "answered")
}

func (t Threshold) observeCold(c *analysis.Cell, all int) (bool, string) {
	return t.observeShare(c.Cold, all, "proven cold")
}

func (t Threshold) observeShare(k, n int, what string) (bool, string) {
	share := float64(k) / float64(n)
	return t.holds(share), fmt.Sprintf("%d of %d %s (%s)", k, n, what, percent(share))
}

func (t Threshold) observeSpawned(c *analysis.Cell, _ int) (bool, string) {
	if c.Instances == nil {
		return false, "the instances of a single service are not counted"
	}
	return t.holds(float64(c.Instances.Spawned)), fmt.Sprintf("%d instances spawned", c.Instances.Spawned)
}

func (t Threshold) observeQuantile(c *analysis.Cell, all int) (bool, string) {
	name := string(t.Metric)
	if t.Metric == Percentile {
		name = "p" + number(100*t.Quantile)
	}
	return t.observeRank(c, all, name, t.Quantile)
}

func (t Threshold) observeMin(c *analysis.Cell, all int) (bool, string) {
	return t.observeRank(c, all, "min", 0)
}

func (t Threshold) observeMax(c *analysis.Cell, all int) (bool, string) {
	return t.observeRank(c, all, "max", 1)
}

// observeRank ranks the requests that were not answered above all others.
func (t Threshold) observeRank(c *analysis.Cell, all int, name string, q float64) (bool, string) {
	answered := c.Latencies.Answered().N()
	n := answered + all - c.OK
	if n == 0 {
		return false, "no proven cold start"
	}
	rank := stat.Rank(q, n)
	if rank > answered {
		return t.holds(math.Inf(1)), fmt.Sprintf("%s of %d lies among those that were not answered", name, n)
	}
	p := c.Latencies.Order(rank)
	if p.Over { // it is above the time at which the client gave up on another
		return t.holds(math.Inf(1)), fmt.Sprintf("%s of %d is %s", name, n, p)
	}
	return t.holds(float64(p.Latency)), fmt.Sprintf("%s of %d is %s", name, n, p)
}

func (t Threshold) observeMean(c *analysis.Cell, all int) (bool, string) {
	if missing := all - c.OK; missing > 0 {
		return t.holds(math.Inf(1)), fmt.Sprintf("no mean exists: %d of %d were not answered", missing, all)
	}
	mean, ok := c.Latencies.Mean()
	if !ok {
		return false, "no proven cold start"
	}
	return t.holds(float64(mean)), fmt.Sprintf("the mean of %d is %s", c.Measured, stat.Format(mean))
}
