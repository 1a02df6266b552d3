package analysis

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Lateness is how long after their intended times the requests were sent.
type Lateness struct {
	Samples int           `json:"samples"`
	P99     time.Duration `json:"p99Ns"`
	Max     time.Duration `json:"maxNs"`
	// Late says that P99 is over Limit, so that the load was not the load that
	// was asked for. Limit is 10 ms, or 1 % of the smallest median if more.
	Late  bool          `json:"late"`
	Limit time.Duration `json:"limitNs"`
}

const (
	latenessFloor = 10 * time.Millisecond
	latenessShare = 0.01
)

func lateness(late []time.Duration, cells []Cell) Lateness {
	l := Lateness{Samples: len(late), Limit: latenessLimit(cells)}
	if l.Samples == 0 {
		return l
	}
	s := stat.NewSet(late, nil)
	l.P99, l.Max = s.Quantile(0.99).Latency, s.Max().Latency
	l.Late = l.P99 > l.Limit
	return l
}

func latenessLimit(cells []Cell) time.Duration {
	var smallest time.Duration
	for _, c := range cells {
		if c.P50 != nil && (smallest == 0 || c.P50.Latency < smallest) {
			smallest = c.P50.Latency
		}
	}
	return max(latenessFloor, time.Duration(latenessShare*float64(smallest)))
}
