package metric

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// percentiles are gauges for percentiles, and for the ends of their intervals.
type percentiles struct{ value, low, high *Family }

func newPercentiles(name, of string) percentiles {
	gauge := func(suffix, help string) *Family {
		return &Family{Name: name + suffix, Help: help + " of " + of + ".", Unit: Seconds}
	}
	interval := fmt.Sprintf("end of the %g %% confidence interval of the percentile", 100*stat.Confidence)
	return percentiles{
		value: gauge("_percentile", "Percentile"),
		low:   gauge("_percentile_low", "Lower "+interval),
		high:  gauge("_percentile_high", "Upper "+interval),
	}
}

// add adds a percentile, such as 95, without an interval. The highest value is number 100.
func (all percentiles) add(number string, p stat.Point, labels []Label) {
	all.value.add(secondsOf(p), with(labels, "percentile", number)...)
}

// addKnown adds a percentile with as much of its interval as is known.
func (all percentiles) addKnown(number string, p *analysis.Percentile, labels []Label) {
	if p == nil {
		return
	}
	all.add(number, p.Point, labels)
	labels = with(labels, "percentile", number)
	if low := p.Interval.Low; low != nil {
		all.low.add(secondsOf(*low), labels...)
	}
	if high := p.Interval.High; high != nil {
		all.high.add(secondsOf(*high), labels...)
	}
}
