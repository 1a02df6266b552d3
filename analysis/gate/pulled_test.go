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

// Latencies of zero and below are mistakes of whoever wrote the file, and would meet
// every threshold.
func TestAnswersInNoTimeAreInvalid(t *testing.T) {
	for _, latency := range []time.Duration{0, -5} {
		r := runtest.New("r", "runc").Draw("runc", 99, func() time.Duration { return time.Second }).Add("runc", 1, latency).Run()
		result, err := JudgeSLO([]*record.Run{r}, []Threshold{{Metric: Median, Quantile: 0.5, Operator: "<", Limit: 2e9}}, Conditions{})
		if err != nil || result.Verdict != Invalid {
			t.Errorf("%d ns: %v, %+v", latency, err, result)
		}
	}
}
