package gate

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// The shares of a cell's samples above which its latencies are not those of
// cold starts. Timeouts do not count as failures here: the quantiles know them.
const (
	mostNotCold = 0.10
	mostFailed  = 0.10
)

// mostLate is the share of the median that the client's lateness at p99 may be.
// A summary warns of less; a verdict must not depend on it.
const mostLate = 0.05

// invalid says why the latencies of a cell must not be judged; empty if they may.
func invalid(c *analysis.Cell) string {
	n := float64(c.Samples)
	if left := c.Warm + c.Unknown; float64(left) > mostNotCold*n {
		return fmt.Sprintf("%d of %d samples are not proven cold (%d warm, %d unknown), more than %s", left, c.Samples, c.Warm, c.Unknown, percent(mostNotCold))
	}
	if failed := c.Failures() - c.Failed[record.Timeout]; float64(failed) > mostFailed*n {
		return fmt.Sprintf("%d of %d samples failed and have no latency, more than %s", failed, c.Samples, percent(mostFailed))
	}
	if c.Measured > 0 && c.Lateness.Late && float64(c.Lateness.P99) > mostLate*float64(c.P50.Latency) {
		return fmt.Sprintf("the client was late: requests were sent %s after their time at p99", stat.Format(c.Lateness.P99))
	}
	if c.Measured == 0 {
		return "no sample is a proven cold start"
	}
	return ""
}
