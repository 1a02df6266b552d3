package load_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Whatever an interval says, and whenever it says that it was, the summary is made, and a
// load that it believes has as many latencies as requests.
func FuzzIntervals(f *testing.F) {
	made := runtest.New("r", "runc").Load("runc", limit, runtest.Same(100, 10*ms)).Run()
	whole := made.Intervals[0]
	f.Add(whole.Latencies, whole.Answered, 3, whole.Second, int64(whole.At), 5.0)
	f.Add("", 0, 0, 7, int64(-1), -1.0)
	f.Fuzz(func(t *testing.T, latencies string, answered, failed, second int, at int64, wanted float64) {
		r := *made
		r.Intervals, r.Events = slices.Clone(made.Intervals), slices.Clone(made.Events)
		i := &r.Intervals[0]
		i.Latencies, i.Answered, i.Failed, i.Second, i.At = latencies, max(answered, 0)%1e6, map[record.Outcome]int{record.HTTP: max(failed, 0) % 1e6}, max(second, 0)%1e6, time.Duration(at)
		r.Events[0].Value, r.Events[0].At = wanted, time.Duration(at)
		for _, l := range analysis.Summarise(&r).Loads {
			if l.Broken == "" && (l.Due < 0 || l.Due > 0 && !l.Max.Failed && l.Max.Latency < l.P50.Latency) {
				t.Errorf("%+v", l)
			}
		}
	})
}
