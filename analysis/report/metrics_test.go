package report

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	metricsv1 "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/golden"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

func metricsOf(t *testing.T, run *record.Run) *metric.Set {
	t.Helper()
	s, err := metric.OfRun(analysis.Summarise(run))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// searched is a load that looked for the highest rate that a class holds.
func searched() *record.Run {
	const limit = 500 * time.Millisecond
	r := runtest.New("searched", "runc").Load("runc", limit, runtest.Same(30, 20*time.Millisecond)).Run()
	r.Header.Settings.UntilFailure = true
	r.Events = append(r.Events, record.Event{
		Type: record.TypeEvent, At: time.Minute, Kind: record.EventLimit, RuntimeClass: "runc", Value: 30, Message: "at 60/s p99 is 2 s, which is p99>500ms",
	})
	return r
}

// The golden files of OpenMetrics are read by Prometheus' own parser, and asked by its own
// engine, in the module scripts/dashboard.
func TestGoldenMetrics(t *testing.T) {
	for name, run := range map[string]*record.Run{
		"real": runtest.Real(t, "../testdata"), "troubled": runtest.Troubled(), "scaled": runtest.Scaled(), "limited": runtest.Limited(),
		"load": runtest.Loaded(), "deployed": runtest.Deployed(), "work": runtest.Worked(), "searched": searched(), "empty": runtest.New("r", "runc").Run(),
	} {
		golden.Check(t, name+".openmetrics.txt", func(w io.Writer) error { return OpenMetrics(w, metricsOf(t, run)) })
	}
	golden.Check(t, "load.otlp.json", func(w io.Writer) error { return OTLP(w, metricsOf(t, runtest.Loaded())) })
	golden.Check(t, "troubled.prometheus.txt", func(w io.Writer) error { return Prometheus(w, metricsOf(t, runtest.Troubled())) })
}

// readText reads metrics as the node exporter and the push gateway do, which use this
// reader.
func readText(t *testing.T, in io.Reader) map[string]*dto.MetricFamily {
	t.Helper()
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(in)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func TestTheOlderTextIsReadByItsOwnReader(t *testing.T) {
	s := metricsOf(t, runtest.Troubled())
	var out bytes.Buffer
	if err := Prometheus(&out, s); err != nil {
		t.Fatal(err)
	}
	read := readText(t, &out)
	if len(read) != len(s.Families) {
		t.Errorf("%d families are read, want %d", len(read), len(s.Families))
	}
	for name, f := range read {
		if f.GetType() == dto.MetricType_UNTYPED {
			t.Errorf("%s has lost its type", name)
		}
	}
	h := read["kn_coldstart_response_latency_seconds"].Metric[0].Histogram
	if h.GetSampleCount() != 40 || len(h.Bucket) != len(metric.Bounds)+1 {
		t.Errorf("histogram of %d in %d buckets", h.GetSampleCount(), len(h.Bucket))
	}
}

// What a run file says is one value in one line, whatever it is.
func TestLabelsBreakNoLine(t *testing.T) {
	name := "a\"b\\c\nd 1\x1b[2J"
	var out bytes.Buffer
	if err := Prometheus(&out, metricsOf(t, runtest.New("r", name).Add(name, 1, time.Second).Run())); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("control characters in %q", out.String())
	}
	for _, l := range readText(t, &out)["kn_coldstart_response_latency_seconds"].Metric[0].Label {
		if want := `a"b\c?d 1?[2J`; l.GetName() == "runtime_class" && l.GetValue() != want {
			t.Errorf("the class is %q, want %q", l.GetValue(), want)
		}
	}
}

// OTLP has the same numbers: a bucket of it is the difference of two of OpenMetrics.
func TestOTLP(t *testing.T) {
	s := metricsOf(t, runtest.Troubled())
	var out bytes.Buffer
	if err := OTLP(&out, s); err != nil {
		t.Fatal(err)
	}
	var read metricsv1.MetricsData
	if err := protojson.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	metrics := read.ResourceMetrics[0].ScopeMetrics[0].Metrics
	if len(metrics) != len(s.Families) {
		t.Fatalf("%d metrics, want %d", len(metrics), len(s.Families))
	}
	for i, m := range metrics {
		f := s.Families[i]
		if m.Name != "kn_coldstart."+f.Name || m.Description != f.Help {
			t.Errorf("metric %s (%s), want %s", m.Name, m.Description, f.Name)
		}
		points := m.GetGauge().GetDataPoints()
		if f.Kind == metric.Counter {
			points = m.GetSum().GetDataPoints()
		}
		if f.Kind == metric.Histogram {
			checkHistograms(t, f, m.GetHistogram().GetDataPoints())
			continue
		}
		for j, p := range f.Points {
			if points[j].GetAsDouble() != p.Value || len(points[j].Attributes) != len(p.Labels) {
				t.Errorf("%s: %v, want %v", f.Name, points[j], p)
			}
		}
	}
}

func checkHistograms(t *testing.T, f metric.Family, points []*metricsv1.HistogramDataPoint) {
	t.Helper()
	for i, p := range f.Points {
		got, sum := points[i], uint64(0)
		for j, n := range got.BucketCounts {
			if sum += n; j < len(p.Buckets.UpTo) && sum != uint64(p.Buckets.UpTo[j]) {
				t.Errorf("%s: %d up to bucket %d, want %d", f.Name, sum, j, p.Buckets.UpTo[j])
			}
		}
		if sum != got.Count || got.Count != uint64(p.Buckets.Count) || got.GetSum() != p.Buckets.Sum || len(got.BucketCounts) != len(got.ExplicitBounds)+1 {
			t.Errorf("%s: %v, want %v", f.Name, got, p.Buckets)
		}
		if last := len(got.BucketCounts) - 1; math.IsInf(got.GetSum(), 1) != (got.BucketCounts[last] > 0) {
			t.Errorf("%s: the sum %g with %d that were not answered", f.Name, got.GetSum(), got.BucketCounts[last])
		}
	}
}

func TestMetricsOnAFullDisk(t *testing.T) {
	s := metricsOf(t, runtest.Three())
	for name, write := range map[string]func(io.Writer, *metric.Set) error{"openmetrics": OpenMetrics, "prometheus": Prometheus, "otlp": OTLP} {
		if write(full{}, s) == nil {
			t.Errorf("%s was written on a full disk", name)
		}
	}
}
