package analysis

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Lateness is how long after their intended times requests were sent.
type Lateness struct {
	P99 time.Duration `json:"p99Ns"`
	Max time.Duration `json:"maxNs"`
	// Late says that in some cell the p99 is over 10 ms and over 1 % of the median. Then
	// the load was not the load that was intended.
	Late bool `json:"late"`
}

const (
	latenessFloor = 10 * time.Millisecond
	latenessShare = 0.01
)

func latenessOf(late []time.Duration) Lateness {
	if len(late) == 0 {
		return Lateness{}
	}
	s := stat.NewSet(late, nil)
	return Lateness{P99: s.Quantile(0.99).Latency, Max: s.Max().Latency}
}

// cellLateness says how late a cell's requests were. How much is too late depends on
// what the cell measures: a tenth of a second is nothing to a cold start of a minute.
func cellLateness(late []time.Duration, median *Percentile) Lateness {
	l := latenessOf(late)
	limit := latenessFloor
	if median != nil {
		limit = max(limit, time.Duration(latenessShare*float64(median.Latency)))
	}
	l.Late = l.P99 > limit
	return l
}

func (c *Cell) lateWarning() Warning {
	return warnCell(ClientLate, c.Key, "the client was late: requests were sent %s after their time at p99, %s at most",
		stat.Format(c.Lateness.P99), stat.Format(c.Lateness.Max))
}

// pooledLateness is the lateness of all cells together, with a warning for each cell
// that is late.
func pooledLateness(cells []Cell, late []time.Duration) (Lateness, []Warning) {
	l := latenessOf(late)
	var warnings []Warning
	for i := range cells {
		if cells[i].Lateness.Late {
			l.Late = true
			warnings = append(warnings, cells[i].lateWarning())
		}
	}
	return l, warnings
}
