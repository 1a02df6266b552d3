package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// checks say whether the numbers can be trusted.
func checks(s *analysis.Summary, drifts []analysis.Drift) []templates.Check {
	if onlyLoads(s) {
		return loadChecks(s)
	}
	if onlyWork(s) {
		return workChecks(s)
	}
	total := s.Counts()
	list := []templates.Check{coldCheck(total), failureCheck(total), timeoutCheck(total), latenessCheck(s, total), endCheck(s)}
	drift := templates.Check{Name: "Drift during the run"}
	drift.State, drift.Value, drift.Note = driftCheck(drifts)
	return append(list, drift)
}

// state is good where all is well, and unknown where there is no sample.
func state(samples int, good bool) string {
	switch {
	case samples == 0:
		return "unknown"
	case good:
		return "good"
	}
	return "bad"
}

func partOf(n, all int) string {
	if all == 0 {
		return "no samples"
	}
	percent := fmt.Sprintf("%.1f", 100*float64(n)/float64(all))
	return fmt.Sprintf("%d of %d (%s %%)", n, all, strings.TrimSuffix(percent, ".0"))
}

func coldCheck(c analysis.Counts) templates.Check {
	check := templates.Check{Name: "Proven cold", State: state(c.Samples, c.Cold == c.Samples), Value: partOf(c.Cold, c.Samples)}
	if left := c.Warm + c.Unknown; left > 0 {
		check.Note = fmt.Sprintf("%d warm and %d unknown are left out of the percentiles.", c.Warm, c.Unknown)
	} else if c.Samples > 0 {
		check.Note = "No pod before the request, and a new pod answered."
	}
	if by := table.Proofs(c); by != "" {
		check.Note += " Proven " + by + "."
	}
	return check
}

func failureCheck(c analysis.Counts) templates.Check {
	failed := maps.Clone(c.Failed)
	delete(failed, record.Timeout)
	n := c.Failures() - c.Failed[record.Timeout]
	check := templates.Check{Name: "Failed requests", State: state(c.Samples, n == 0), Value: partOf(n, c.Samples)}
	if n > 0 {
		check.Note = table.Plain(table.Causes(failed)) + ". In the percentiles they are slower than any that was answered."
	}
	return check
}

func timeoutCheck(c analysis.Counts) templates.Check {
	n := c.Failed[record.Timeout]
	check := templates.Check{Name: "Timed out", State: state(c.Samples, n == 0), Value: partOf(n, c.Samples)}
	if n > 0 {
		check.Note = "They count as over the client timeout and are never averaged."
	}
	return check
}

func latenessCheck(s *analysis.Summary, c analysis.Counts) templates.Check {
	check := templates.Check{Name: "Client lateness at p99", State: state(c.Samples, !s.Lateness.Late), Value: table.None}
	if c.Samples > 0 {
		check.Value = stat.Format(s.Lateness.P99)
		check.Note = fmt.Sprintf("%s at most: how long after its intended time a request was sent.", stat.Format(s.Lateness.Max))
	}
	return check
}

func endCheck(s *analysis.Summary) templates.Check {
	check := templates.Check{Name: "Runs that completed", State: "good"}
	completed, others := 0, map[string]bool{}
	for _, r := range s.Runs {
		if r.End == record.EndCompleted {
			completed++
		} else if r.End == "" {
			others["killed"] = true
		} else {
			others[table.Plain(r.End)] = true
		}
	}
	check.Value = fmt.Sprintf("%d of %d", completed, len(s.Runs))
	if len(others) > 0 {
		check.State, check.Note = "bad", "Others: "+strings.Join(slices.Sorted(maps.Keys(others)), ", ")+"."
	}
	return check
}
