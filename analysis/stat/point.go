package stat

import (
	"strconv"
	"time"
)

// Point is a latency, exact or known only to be over a limit.
type Point struct {
	Latency time.Duration `json:"latencyNs"`
	Over    bool          `json:"over,omitempty"`
}

// String prints three digits, and a ">" before a limit.
func (p Point) String() string {
	if p.Over {
		return ">" + Format(p.Latency)
	}
	return Format(p.Latency)
}

// Format prints a duration with three significant digits in one unit.
func Format(d time.Duration) string {
	if d < 0 {
		return "-" + Format(-d)
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
