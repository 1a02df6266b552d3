package gate

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Tolerance is how much slower is accepted even if it is shown.
type Tolerance = record.Tolerance

// DefaultTolerance is 10 %, and 50 ms where that is more.
var DefaultTolerance = Tolerance{Share: 0.10, Absolute: 50 * time.Millisecond}

// ParseTolerance reads a share, a duration, or both: "10%", "50ms", "10%,50ms".
// What is not there is as in DefaultTolerance.
func ParseTolerance(s string) (Tolerance, error) {
	t, seen := DefaultTolerance, [2]bool{}
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		share, notShare := ParseShare(part)
		absolute, notDuration := time.ParseDuration(part)
		kind := 0
		switch {
		case notShare == nil: // so is 0, which is a duration too
			t.Share = share
		case notDuration == nil && absolute >= 0:
			t.Absolute, kind = absolute, 1
		default:
			return t, fmt.Errorf("tolerance %q: want a share, a duration, or both, such as 10%%,50ms", s)
		}
		if seen[kind] {
			return t, fmt.Errorf("tolerance %q: want one share and one duration", s)
		}
		seen[kind] = true
	}
	return explicit(t), nil
}

// explicit tells a tolerance of nothing from none, which stands for the default.
func explicit(t Tolerance) Tolerance {
	if t == (Tolerance{}) {
		t.Absolute = 1
	}
	return t
}
