package metric

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// quantiles are gauges for quantiles, and for the ends of their intervals.
type quantiles struct{ value, low, high *Family }

func newQuantiles(name, of string) quantiles {
	gauge := func(suffix, help string) *Family {
		return &Family{Name: name + suffix, Help: help + " of " + of + ".", Unit: Seconds}
	}
	interval := fmt.Sprintf("end of the %g %% confidence interval of the quantile", 100*stat.Confidence)
	return quantiles{
		value: gauge("_quantile", "Quantile"),
		low:   gauge("_quantile_low", "Lower "+interval),
		high:  gauge("_quantile_high", "Upper "+interval),
	}
}

// add adds a quantile without an interval.
func (q quantiles) add(quantile string, p stat.Point, labels []Label) {
	q.value.add(secondsOf(p), with(labels, "quantile", quantile)...)
}

// addKnown adds a quantile with as much of its interval as is known.
func (q quantiles) addKnown(quantile string, p *analysis.Percentile, labels []Label) {
	if p == nil {
		return
	}
	q.add(quantile, p.Point, labels)
	labels = with(labels, "quantile", quantile)
	if low := p.Interval.Low; low != nil {
		q.low.add(secondsOf(*low), labels...)
	}
	if high := p.Interval.High; high != nil {
		q.high.add(secondsOf(*high), labels...)
	}
}
