package gate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseThreshold(t *testing.T) {
	for in, want := range map[string]Threshold{
		"p(95)<2s":                {Metric: Percentile, Quantile: 0.95, Operator: "<", Limit: 2e9},
		"p(99.9) <= 1.5s":         {Metric: Percentile, Quantile: 0.999, Operator: "<=", Limit: 1.5e9},
		"med<900ms":               {Metric: Median, Quantile: 0.5, Operator: "<", Limit: 9e8},
		"max<5s":                  {Metric: Max, Operator: "<", Limit: 5e9},
		"failed<1%":               {Metric: Failed, Operator: "<", Limit: 0.01},
		"cold>=99%":               {Metric: Cold, Operator: ">=", Limit: 0.99},
		"spawned>=490":            {Metric: Spawned, Operator: ">=", Limit: 490},
		"gvisor: p(95)<3s":        {RuntimeClass: "gvisor", Metric: Percentile, Quantile: 0.95, Operator: "<", Limit: 3e9},
		"*/500: spawned>=490":     {Services: 500, Metric: Spawned, Operator: ">=", Limit: 490},
		" kata-qemu/100 :max<30s": {RuntimeClass: "kata-qemu", Services: 100, Metric: Max, Operator: "<", Limit: 3e10},
	} {
		t.Run(in, func(t *testing.T) {
			got, err := ParseThreshold(in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseThresholdErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "want METRIC OPERATOR VALUE",
		"p(95)":                             "want METRIC OPERATOR VALUE",
		"p95<2s":                            "want METRIC OPERATOR VALUE",
		"p(95)<2s<3s":                       "want a duration",
		"p(95)<2000":                        "want a duration with its unit",
		"p(95)<-2s":                         "want a duration",
		"p(0)<2s":                           "want a percentile",
		"p(100)<2s":                         "want a percentile",
		"p(0.95)<2s":                        "did you mean p(95)?",
		"runc: p(0.999)<2s":                 "did you mean p(99.9)?",
		"failed<0.01":                       "did you mean failed<1%?",
		"failed<1":                          "did you mean failed<1%?",
		"failed<=1":                         "did you mean failed<=1%?",
		"runc: cold>=99":                    "did you mean runc: cold>=99%?",
		"answered >= 0.98":                  "did you mean answered >=98%?",
		"failed<=100%":                      "would always pass",
		"cold>=0%":                          "would always pass",
		"spawned>=0":                        "would always pass",
		"p()<2s":                            "want a percentile",
		"p(NaN)<2s":                         "want a percentile",
		"p<2s":                              "want a percentile",
		"med(50)<2s":                        "med takes no argument",
		"max()<2s":                          "max takes no argument",
		"latency<2s":                        `unknown metric "latency"`,
		"failed<1s":                         "want a share",
		"failed<0%":                         "no share is <0%",
		"cold>100%":                         "no share is >100%",
		"max<2562047h":                      "no cold start takes longer than 1h0m0s",
		"p(95)<900m":                        "did you mean 900ms?",
		"p(95)>1ns":                         "would always pass: did you mean p(95)<1ns?",
		"runc: avg>=999us":                  "would always pass: did you mean runc: avg<=999µs?",
		"min>0.5ms":                         "would always pass",
		"failed<100%":                       "did you mean failed<1%?",
		"failed<=99%":                       "did you mean failed<=1%?",
		"failed<99.9%":                      "did you mean failed<0.1%?",
		"cold>0%":                           "did you mean cold>99%?",
		"answered>=2%":                      "did you mean answered>=98%?",
		"failed<1_0%":                       "want a share",
		"failed<+1%":                        "want a share",
		"p(9_5)<2s":                         "want a percentile",
		"max<2h":                            "no cold start takes longer than 1h0m0s",
		"failed<1%%":                        "want a share",
		"failed<+Inf%":                      "want a share",
		"p(95)<Inf":                         "want a duration",
		"p(95)<NaNs":                        "want a duration",
		"p(+Inf)<2s":                        "want a percentile",
		"p(-95)<2s":                         "want a percentile",
		"p(95%)<2s":                         "want a percentile",
		"p(95)<2 s":                         "want METRIC OPERATOR VALUE",
		"p(95)<2sec":                        "want a duration",
		"p(95)=<2s":                         "want METRIC OPERATOR VALUE",
		"P(95)<2s":                          "unknown metric",
		"spawned>=1e3":                      "want a number",
		"spawned>=99999999999999999999":     "want a number",
		"failed<101%":                       "want a share",
		"failed<-1%":                        "want a share",
		"failed<NaN":                        "want a share",
		"spawned>=49.5":                     "want a number",
		"spawned==500":                      "operator ==",
		"p(95)!=2s":                         "operator !=",
		": p(95)<2s":                        "selects nothing",
		"/0: p(95)<2s":                      "selects nothing",
		"a b: p(95)<2s":                     "selects nothing",
		"runc/99999999999999999999: max<2s": "value out of range",
	} {
		t.Run(in, func(t *testing.T) {
			_, err := ParseThreshold(in)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "threshold ") {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

// A gate takes no bound on the good side, which would pass what is too bad. A rule for
// stopping does.
func TestParseSLO(t *testing.T) {
	for in, want := range map[string]string{
		"p(95)>2s":           "did you mean p(95)<2s?",
		"runc: med>=1s":      "did you mean runc: med<=1s?",
		"max>5s":             "did you mean max<5s?",
		"failed>1%":          "did you mean failed<1%?",
		"answered<=98%":      "did you mean answered>=98%?",
		"cold<99%":           "did you mean cold>99%?",
		"*/500: spawned<490": "did you mean */500: spawned>490?",
		"p(95)<2":            "want a duration",
	} {
		if _, err := ParseSLO(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
	for _, in := range []string{"p(95)<2s", "min<2s", "min>=100ms", "failed<=0%", "cold>=100%", "answered>98%", "spawned>=490"} {
		if _, err := ParseSLO(in); err != nil {
			t.Error(err)
		}
	}
	for _, in := range []string{"p(95)>60s", "gvisor: failed>5%", "answered<98%", "answered<100%"} {
		if _, err := ParseThreshold(in); err != nil {
			t.Errorf("a rule for stopping: %v", err)
		}
	}
}

func FuzzParseThreshold(f *testing.F) {
	for _, s := range []string{"p(95)<2s", "gvisor/3: failed<=1.5%", "*/500: spawned>=490", "cold>=0.99", "avg < 59m2s", "failed<100%", "p(95)>1ns", "p(NaN)<2s", "max<900m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, err := ParseThreshold(s)
		if err != nil {
			return
		}
		again, err := ParseThreshold(first.String())
		if err != nil {
			t.Fatalf("%q is written as %q, which is refused: %v", s, first, err)
		}
		if again.String() != first.String() {
			t.Errorf("%q is written as %q, read again as %q", s, first, again)
		}
	})
}
