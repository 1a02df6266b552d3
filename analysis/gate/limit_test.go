package gate

import (
	"strings"
	"testing"
	"time"
)

func TestParseTolerance(t *testing.T) {
	for in, want := range map[string]Tolerance{
		"25%":      {Share: 0.25, Absolute: 50 * time.Millisecond},
		"200ms":    {Share: 0.10, Absolute: 200 * time.Millisecond},
		"5%,20ms":  {Share: 0.05, Absolute: 20 * time.Millisecond},
		"20ms, 5%": {Share: 0.05, Absolute: 20 * time.Millisecond},
		"0%":       {Absolute: 50 * time.Millisecond},
		"0%,0s":    {Absolute: 1}, // the zero value would be the default
		"10%,50ms": DefaultTolerance,
		"100%,1m":  {Share: 1, Absolute: time.Minute},
	} {
		if got, err := ParseTolerance(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	if _, err := ParseTolerance("10%,50m"); err == nil || !strings.Contains(err.Error(), "did you mean 50ms?") {
		t.Errorf("minutes for milliseconds: %v", err)
	}
	for _, in := range []string{"", "5", "0.25", "1", "0", "-5%", "-1ms", "5%,6%", "1ms,2ms", "5%,", "five", "NaN", "Inf%", "-0%", "1e400%", "10%,10m", "61s"} {
		if got, err := ParseTolerance(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}
