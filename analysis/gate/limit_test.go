package gate

import (
	"testing"
	"time"
)

func TestParseTolerance(t *testing.T) {
	for in, want := range map[string]Tolerance{
		"25%":        {Share: 0.25, Absolute: 50 * time.Millisecond},
		"200ms":      {Share: 0.10, Absolute: 200 * time.Millisecond},
		"5%,20ms":    {Share: 0.05, Absolute: 20 * time.Millisecond},
		"20ms, 5%":   {Share: 0.05, Absolute: 20 * time.Millisecond},
		"0%":         {Absolute: 50 * time.Millisecond},
		"0%,0s":      {Absolute: 1}, // the zero value would be the default
		"10%,50ms":   DefaultTolerance,
		"100%,1h10m": {Share: 1, Absolute: 70 * time.Minute},
	} {
		if got, err := ParseTolerance(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "5", "0.25", "1", "0", "-5%", "-1ms", "5%,6%", "1ms,2ms", "5%,", "five", "NaN"} {
		if got, err := ParseTolerance(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}
