package stat

import (
	"math"
	"strconv"
	"time"
)

// Point is a latency, exact or known only to be over a limit.
type Point struct {
	Latency time.Duration `json:"latencyNs"`
	// Over says that the latency is known only to be over Latency.
	Over bool `json:"over,omitempty"`
	// Failed says that it is no latency but a failure, which is slower than any.
	// Then Over is set too, and Latency is the largest that is known.
	Failed bool `json:"failed,omitempty"`
}

// String prints three digits, and a ">" before a limit.
func (p Point) String() string {
	if p.Failed {
		return "a failure"
	}
	if p.Over {
		return ">" + Format(p.Latency)
	}
	return Format(p.Latency)
}

// Format prints a duration with three significant digits in one unit.
func Format(d time.Duration) string {
	if d < 0 {
		return "-" + Format(-max(d, -math.MaxInt64)) // the smallest has no opposite
	}
	if d == 0 {
		return "0s"
	}
	// A value that rounds up to the next unit is printed in that unit.
	for _, u := range []struct {
		name string
		size float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if v := float64(d) / u.size; v >= 0.9995 {
			return digits(v) + u.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}

func digits(v float64) string {
	decimals := 2
	switch {
	case v >= 99.95:
		decimals = 0
	case v >= 9.995:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
