package page

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// percentileTable has a column for each quantile, with the upper bound of those
// above the median, or how many samples one takes.
func percentileTable(s *analysis.Summary, quantiles ...float64) *table.Table {
	head := []string{"runtimeClass", " n", " failed"}
	for _, q := range quantiles {
		head = append(head, " p"+strconv.FormatFloat(100*q, 'g', 4, 64))
	}
	t := table.New(head...)
	for _, c := range s.Cells {
		if c.Measured == 0 {
			continue
		}
		row := []string{table.Label(c.Key, s.Cells), fmt.Sprint(c.Measured), fmt.Sprint(c.Failures())}
		for _, q := range quantiles {
			row = append(row, quantileText(c.Parts, q))
		}
		t.Row(row...)
	}
	return t
}

func quantileText(parts stat.Parts, q float64) string {
	p := parts.Joined().Quantile(q)
	if q <= 0.5 || p.Over {
		return p.String()
	}
	upper := parts.Upper(q, stat.Confidence)
	if upper == nil {
		return fmt.Sprintf("%s (bound: n ≥ %d)", p, stat.SamplesNeeded(q, stat.Confidence))
	}
	return fmt.Sprintf("%s (%s)", p, table.AtMost(*upper))
}

// withinTable has the share that was answered within round latencies.
func withinTable(s *analysis.Summary) *table.Table {
	limits := roundLatencies(s)
	head := []string{"runtimeClass", " n"}
	for _, limit := range limits {
		head = append(head, " "+stat.Format(limit))
	}
	t := table.New(append(head, " not answered")...)
	for _, c := range s.Cells {
		if c.Measured == 0 {
			continue
		}
		row := []string{table.Label(c.Key, s.Cells), fmt.Sprint(c.Measured)}
		for _, limit := range limits {
			row = append(row, fmt.Sprintf("%.0f %%", 100*c.Latencies.ShareBelow(limit)))
		}
		t.Row(append(row, fmt.Sprint(c.Censored+c.Latencies.Failed()))...)
	}
	return t
}

// roundSteps are the steps of a decade, in tenths; few where the range is wide.
var roundSteps = [][]time.Duration{{10, 12, 15, 20, 25, 30, 40, 50, 60, 80}, {10, 20, 50}}

const withinColumns = 12

// roundLatencies are those from the one that no sample reaches to the one that
// all do.
func roundLatencies(s *analysis.Summary) []time.Duration {
	lowest, highest := time.Duration(0), time.Duration(0)
	for _, c := range s.Cells {
		if c.Measured > 0 {
			if lowest == 0 || c.Min.Latency < lowest {
				lowest = c.Min.Latency
			}
			highest = max(highest, c.Max.Latency)
		}
	}
	list := roundBetween(lowest, highest, roundSteps[0])
	if len(list) > withinColumns {
		list = roundBetween(lowest, highest, roundSteps[1])
	}
	return list
}

func roundBetween(lowest, highest time.Duration, steps []time.Duration) []time.Duration {
	var list []time.Duration
	for unit := 100 * time.Microsecond; unit <= time.Hour; unit *= 10 {
		for _, step := range steps {
			if limit := unit * step / 10; limit > lowest && (len(list) == 0 || list[len(list)-1] < highest) {
				list = append(list, limit)
			}
		}
	}
	return list
}

var phaseMeanings = map[record.PhaseName]string{
	record.PhaseScaled:            "the autoscaler asked for an instance",
	record.PhasePodCreated:        "the pod exists",
	record.PhasePodScheduled:      "it has a node",
	record.PhaseSandboxReady:      "its sandbox is up",
	record.PhaseContainersStarted: "the function's process runs",
	record.PhaseReady:             "Kubernetes calls it Ready",
	record.PhaseFirstByte:         "the client has the first byte",
	record.PhaseDone:              "the client has all of it, the upright line",
}

func phaseLegend(names []record.PhaseName) []templates.Fact {
	var list []templates.Fact
	for _, name := range names {
		list = append(list, templates.Fact{Name: table.Plain(string(name)), Value: cmp.Or(phaseMeanings[name], "")})
	}
	return list
}
