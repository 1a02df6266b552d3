package gate

import (
	"fmt"
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// ObservesLoads says that ObserveLoad knows the metric.
func (t Threshold) ObservesLoads() bool {
	return slices.Contains([]Metric{Percentile, Median, Max, LoadPercentile, Failed, Answered, LoadFailed}, t.Metric)
}

// ObserveLoad says whether what was seen in the second half of a load is as the expression
// says, and what was seen. It is for a rule that stops a search, not for a verdict. A
// request that failed, or was due and not sent, took longer than any limit.
func (t Threshold) ObserveLoad(l *load.Load) (met bool, seen string) {
	s := &l.Settled
	if s.Due == 0 {
		return true, "no request was due"
	}
	switch t.Metric {
	case Failed, LoadFailed:
		return t.observeShare(s.Failures(), s.Due, "failed or were not sent")
	case Answered:
		return t.observeShare(s.Answered, s.Due, "were answered")
	}
	q := t.Quantile
	if t.Metric == Max {
		q = 1
	}
	p := s.Quantile(q)
	seen = fmt.Sprintf("p%s of %d requests is %s", number(100*q), s.Due, p)
	if p.Failed {
		return t.holds(math.Inf(1)), seen + " (" + stat.Format(p.Latency) + " is the slowest answer)"
	}
	return t.holds(float64(p.Latency)), seen
}
