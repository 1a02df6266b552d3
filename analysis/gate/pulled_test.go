package gate

import (
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// A start for which an image was pulled is no start like the others: it is in no
// percentile, it was answered, and many of them make a run invalid.
func TestPulledStarts(t *testing.T) {
	for name, c := range map[string]struct {
		pulled    int
		threshold string
		withPull  bool
		want      Verdict
	}{
		"few are left out":          {4, "max<2s", false, Pass},
		"they are answered":         {4, "answered>=80%", false, Pass},
		"many are invalid":          {30, "p(50)<2s", false, Invalid},
		"a run that is about pulls": {4, "max<2s", true, Fail},
	} {
		t.Run(name, func(t *testing.T) {
			b := runtest.New("r", "runc")
			for i := range 100 {
				b.Add("runc", 1, time.Second, func(s *record.Sample) {
					if s.WithPull = c.withPull; i < c.pulled {
						s.Pulled, s.ResponseLatency = true, time.Minute
					}
				})
			}
			threshold, err := ParseThreshold(c.threshold)
			if err != nil {
				t.Fatal(err)
			}
			result, err := JudgeSLO([]*record.Run{b.Run()}, []Threshold{threshold}, Conditions{})
			if err != nil || result.Verdict != c.want {
				t.Errorf("%v, %+v", err, result)
			}
		})
	}
}
