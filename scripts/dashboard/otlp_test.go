package dashboard

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/prometheus/otlptranslator"
)

// exported is what of a request of OTLP is looked at.
type exported struct {
	ResourceMetrics []struct {
		ScopeMetrics []struct {
			Metrics []struct {
				Name, Unit            string
				Gauge, Sum, Histogram *struct{}
			}
		}
	}
}

// Prometheus gives what it receives by OTLP the names that OpenMetrics has, so that one
// dashboard serves both.
func TestOTLPHasTheSameNames(t *testing.T) {
	text, err := os.ReadFile("../../analysis/report/testdata/load.otlp.json")
	if err != nil {
		t.Fatal(err)
	}
	var request exported
	if err := json.Unmarshal(text, &request); err != nil {
		t.Fatal(err)
	}
	namer := otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes)
	var got []string
	for _, m := range request.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		var kind otlptranslator.MetricType = otlptranslator.MetricTypeGauge
		switch {
		case m.Sum != nil:
			kind = otlptranslator.MetricTypeMonotonicCounter
		case m.Histogram != nil:
			kind = otlptranslator.MetricTypeHistogram
		}
		name, err := namer.Build(otlptranslator.Metric{Name: m.Name, Unit: m.Unit, Type: kind})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if want := namesIn(t, "load.openmetrics.txt"); !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("names by OTLP\n%q\nwant\n%q", got, want)
	}
}

// namesIn are the names of the families in a golden file of package report.
func namesIn(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile("../../analysis/report/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		if m[2] == "counter" {
			m[1] += "_total"
		}
		names = append(names, m[1])
	}
	return names
}
