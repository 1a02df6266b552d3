package report

import (
	"fmt"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// smaller is an entry of the customSmallerIsBetter format of
// https://github.com/benchmark-action/github-action-benchmark.
type smaller struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Range string  `json:"range,omitempty"`
	Extra string  `json:"extra,omitempty"`
}

// plusMinus is how far the interval of a percentile reaches on its wider side, in the
// form that the dashboard shows behind a value: "± 12.3". It is empty where an end is
// not known.
func plusMinus(p *analysis.Percentile) string {
	low, high := p.Interval.Low, p.Interval.High
	if low == nil || high == nil || low.Over || high.Over || p.Over {
		return ""
	}
	return fmt.Sprintf("± %.3g", float64(max(p.Latency-low.Latency, high.Latency-p.Latency))/1e6)
}

// SmallerIsBetter writes the percentiles of each cell in milliseconds, and its
// share of failures, as the customSmallerIsBetter JSON that dashboards of
// benchmarks read. The format knows only numbers, so a percentile of which is known
// only that it is over a limit is written as that limit, and its extra text says so.
func SmallerIsBetter(w io.Writer, s *analysis.Summary) error {
	list := []smaller{}
	for _, c := range s.Cells {
		name := "coldStart/" + cellPath(c.Key) + "/"
		counts := fmt.Sprintf("%d samples, %d proven cold, %d failed", c.Samples, c.Cold, c.Failures())
		for _, p := range []struct {
			name string
			*analysis.Percentile
		}{{"p50", c.P50}, {"p95", c.P95}, {"p99", c.P99}} {
			if p.Percentile == nil {
				continue
			}
			entry := smaller{Name: name + p.name, Unit: "ms", Value: float64(p.Latency) / 1e6, Range: plusMinus(p.Percentile), Extra: counts}
			switch {
			case p.Failed:
				entry.Extra += "; it is a start that failed, slower than this value"
			case p.Over:
				entry.Extra += "; over this value, by how much is not known"
			}
			list = append(list, entry)
		}
		if c.Samples > 0 {
			list = append(list, smaller{Name: name + "failed", Unit: "%", Value: 100 * float64(c.Failures()) / float64(c.Samples), Extra: counts})
		}
	}
	return writeJSON(w, list)
}
