package gate

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Loads against a baseline: the requests of a load depend on one another, and so do its
// seconds, so that a load is one observation of each of its figures. How much these differ
// between loads of the same kind only several runs tell.

// mostMoreFailedOfLoad is the share of its requests by which a load may fail more often.
const mostMoreFailedOfLoad = 0.01

// loadFacts are the figures of loads that are compared beside their percentiles. A recovery
// is counted in whole seconds.
var loadFacts = []struct {
	metric Metric
	scale  scale
	tooFar string
}{
	{LoadFailed, amountScale{least: mostMoreFailedOfLoad, format: points}, ""},
	{Recovered, amountScale{least: float64(time.Second), format: duration}, "some loads had not recovered when they ended, so that the change may be larger: let them last longer"},
	{InstanceSeconds, shareScale{instanceSeconds: true}, ""},
}

// ofLoads are the comparisons of loads.
func ofLoads(o Options) []comparison {
	var list []comparison
	for _, q := range o.Quantiles {
		c := comparison{scale: shareScale{}, subject: subject{metric: LoadPercentile, quantile: q, samplesOf: "requests",
			tooFar: "so many requests failed that the change may be larger: judge a lower percentile"}}
		c.Subject = fmt.Sprintf("%s(%s)", LoadPercentile, number(100*q))
		list = append(list, c)
	}
	for _, fact := range loadFacts {
		c := comparison{scale: fact.scale, subject: subject{metric: fact.metric, tooFar: fact.tooFar}}
		c.Subject = string(fact.metric)
		list = append(list, c)
	}
	return list
}

// loadKeys are the classes that loads were to be on, in the order in which they were named.
func loadKeys(s *analysis.Summary) []record.Key {
	var keys []record.Key
	for _, r := range s.Runs {
		for _, class := range r.Classes {
			k := class.Key()
			if k.Services = 1; r.Shape.Load && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// loadsOn are the loads on a class, one a run, or why they must not be judged.
func (s measuredSide) loadsOn(k record.Key) (list []*load.Load, reason string) {
	for _, r := range s.Runs {
		if !r.Shape.Load || !slices.ContainsFunc(r.Classes, func(c record.Class) bool { return c.Key() == k.Class() }) {
			continue
		}
		n := len(list)
		for i := range s.Loads {
			if l := &s.Loads[i]; l.RunID == r.RunID && l.Key() == k.Class() {
				list = append(list, l)
			}
		}
		switch found := len(list) - n; {
		case found > 0 && list[n].Step:
			return nil, inRun(list[n], searched)
		case found != 1:
			return nil, fmt.Sprintf("run %s has %d loads on %s: a run was to have one", r.RunID, found, k)
		}
	}
	return list, ""
}

// opposeLoads takes the loads of both sides, unless they must not be judged.
func (c *comparison) opposeLoads(base, new measuredSide, k record.Key) {
	m, _ := metricOf(c.metric)
	b, baseReason := base.loadsOn(k)
	n, newReason := new.loadsOn(k)
	if !c.opposed(baseReason, newReason) || !c.opposed(unfit(b, m), unfit(n, m)) {
		return
	}
	if c.metric == LoadPercentile {
		c.lost(mostlyFailed(b), mostlyFailed(n))
	}
	c.samples = math.MaxInt
	for _, l := range slices.Concat(b, n) {
		c.samples = min(c.samples, l.Due)
	}
	if c.metric == LoadFailed {
		for _, l := range n {
			c.requests, c.failed = c.requests+l.Due, c.failed+l.Failures()
		}
	}
	c.base, c.new = c.observeLoads(b, m), c.observeLoads(n, m)
	c.limit = sure(c.limitOfLoads(slices.Concat(base.runs, new.runs), slices.Concat(b, n)), c.base, c.new)
}

func (c *comparison) observeLoads(loads []*load.Load, m metric) observations {
	var list observations
	for _, l := range loads {
		value, _ := m.measure(Threshold{Metric: m.name, Quantile: c.quantile}, l)
		list = append(list, observation{value: c.scale.of(value)})
	}
	return list
}

// limitOfLoads is what counts for a failure: as a latency the client timeout, and as a
// recovery the length of the shortest load.
func (c *comparison) limitOfLoads(runs []*record.Run, loads []*load.Load) float64 {
	limit := math.Inf(1)
	switch c.metric {
	case LoadPercentile:
		for _, r := range runs {
			if t := r.Header.Settings.ClientTimeout; t > 0 {
				limit = min(limit, c.scale.of(float64(t)))
			}
		}
	case Recovered:
		for _, l := range loads {
			last := l.Seconds[len(l.Seconds)-1]
			limit = min(limit, float64(time.Duration(last.Second+1)*time.Second))
		}
	}
	return limit
}

// unfit says why one of the loads must not be compared; empty if all may be. What a late
// client adds to a latency would make a slow baseline.
func unfit(loads []*load.Load, m metric) string {
	for _, l := range loads {
		if reason := unusable(l, m); reason != "" {
			return inRun(l, reason)
		}
		if clientLate(l) {
			return inRun(l, sayLate(l))
		}
	}
	return ""
}

// mostlyFailed says that so many requests of a load failed that the latencies of the rest
// are of no use; empty if they are.
func mostlyFailed(loads []*load.Load) string {
	for _, l := range loads {
		if float64(l.Failures()) > mostFailed*float64(l.Due) {
			return inRun(l, fmt.Sprintf("%d of %d requests failed or were not sent, more than %s", l.Failures(), l.Due, percent(mostFailed)))
		}
	}
	return ""
}

func inRun(l *load.Load, reason string) string { return fmt.Sprintf("run %s: %s", l.RunID, reason) }

// LoadLatency is a percentile of a load as an observation among others: the logarithm of
// its nanoseconds. Over says that it is a failure, or over the limit, and counts as that; a
// limit of zero is none, and then a failure counts as the slowest request.
func LoadLatency(l *load.Load, q float64, limit time.Duration) (log float64, over bool) {
	p := l.Quantile(q)
	if over = p.Over || limit > 0 && p.Latency > limit; over && limit > 0 {
		p.Latency = limit
	}
	return logOf(p.Latency), over
}
