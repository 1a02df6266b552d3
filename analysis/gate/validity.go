package gate

import (
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Mismatch is a property in which two runs differ; see pool.Mismatch.
type Mismatch = pool.Mismatch

// Mismatches compares what two runs were made with; see pool.Mismatches.
func Mismatches(base, new record.Header) []Mismatch { return pool.Mismatches(base, new) }

// Conditions say under which circumstances runs are judged all the same.
type Conditions struct {
	// Expected names the fields of the header that may differ between runs, because
	// they are what is under test; see Mismatch.
	Expected []string `json:"expected,omitempty"`
	// Force judges although the runs were made under other conditions.
	Force bool `json:"force,omitempty"`
	// AllowIncomplete judges runs that failed, were interrupted or were cut off, and
	// those whose files are damaged, by what they have.
	AllowIncomplete bool `json:"allowIncomplete,omitempty"`
}

// mismatches are the properties in which the runs differ and must not.
func (c Conditions) mismatches(runs ...[]*record.Run) []Mismatch {
	return pool.Without(pool.Among(pool.Headers(runs...)...), c.Expected)
}

// incomplete says which run did not come to its end; empty where all did, and
// where that is allowed.
func (c Conditions) incomplete(runs ...[]*record.Run) string {
	if c.AllowIncomplete {
		return ""
	}
	for _, r := range slices.Concat(runs...) {
		if how := Ending(r); how != "" {
			return fmt.Sprintf("run %s %s; what is missing would have counted too", r.Header.RunID, how)
		}
	}
	return ""
}

// warnings are of the runs that are judged although they did not come to their end.
func (c Conditions) warnings(runs ...[]*record.Run) []analysis.Warning {
	var list []analysis.Warning
	for _, r := range slices.Concat(runs...) {
		if how := Ending(r); c.AllowIncomplete && how != "" {
			list = append(list, analysis.Warning{Code: analysis.IncompleteFile, Message: fmt.Sprintf("run %s %s: it is judged by what it has", r.Header.RunID, how)})
		}
	}
	return list
}

// Ending says how a run ended that did not complete, or of which the file does not hold
// all, as in "run 1 was interrupted". It is empty for one that is whole.
func Ending(r *record.Run) string {
	end := r.End
	switch damage := damage(r); {
	case end == nil:
		return "was cut off"
	case end.Reason == record.EndCompleted && damage != "":
		return "has a damaged file: " + damage
	case end.Reason == record.EndCompleted:
		return ""
	case end.Reason == record.EndInterrupted:
		return "was interrupted"
	case end.Error != "":
		return "failed: " + end.Error
	}
	return "ended by " + end.Reason
}

// damage says in what the file of a run is not what the run wrote; empty if it is.
func damage(r *record.Run) string {
	if len(r.Damage) > 0 {
		return r.Damage[0]
	}
	return start.Lost(r)
}

// The shares of a cell's starts above which its latencies are not those of cold
// starts. Timeouts do not count as failures here: the quantiles know them.
const (
	mostNotCold = 0.10
	mostFailed  = 0.10
)

// mostLate is the share of the median that the client's lateness at p99 may be.
// A summary warns of less; a verdict must not depend on it.
const mostLate = 0.05

// invalid says why the latencies of a cell must not be judged; empty if they may.
func (e *evidence) invalid() string {
	c, n := e.cell, len(e.List)-e.Count(start.NotMade)
	if left := e.Count(start.Unproven); float64(left) > mostNotCold*float64(n) {
		return fmt.Sprintf("%d of %d samples are not proven cold (%d warm, %d unknown), more than %s", left, n, c.Warm, c.Unknown, percent(mostNotCold))
	}
	if pulled := e.Count(start.Pulled); float64(pulled) > mostNotCold*float64(n) {
		return fmt.Sprintf("for %d of %d samples an image was pulled, more than %s: they are no starts like the others (a run --with-pull counts them)", pulled, n, percent(mostNotCold))
	}
	if n := timeless(e.List); n > 0 {
		return fmt.Sprintf("%d samples were answered and have no latency above zero: their file is wrong", n)
	}
	if c.Measured > 0 && c.Lateness.Late && float64(c.Lateness.P99) > mostLate*float64(c.P50.Latency) {
		return fmt.Sprintf("the client was late: requests were sent %s after their time at p99", stat.Format(c.Lateness.P99))
	}
	if e.ranked.N() == 0 {
		return "no sample is a proven cold start"
	}
	return ""
}

// timeless counts the starts that were answered in no time, which nothing is. Every
// threshold would pass on them.
func timeless(list start.List) int {
	return tally(list, func(s start.Start) bool { return s.Fate == start.Answered && s.Latency <= 0 })
}

// tooManyFailed says that so many starts failed that the latencies of the rest are
// of no use, unless they are shown to be too slow anyway; empty if they are not.
func (e *evidence) tooManyFailed() string {
	n := len(e.List)
	if lost := e.Count(start.Failed, start.NotMade); float64(lost) > mostFailed*float64(n) {
		return fmt.Sprintf("%d of %d samples failed or were not made, more than %s", lost, n, percent(mostFailed))
	}
	return ""
}
