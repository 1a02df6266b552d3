package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	metricsv1 "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcev1 "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// OTLP writes metrics as one request of OpenTelemetry's protocol, in its JSON form.
func OTLP(w io.Writer, s *metric.Set) error {
	text, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(OTLPMetrics(s))
	if err != nil {
		return fmt.Errorf("write OTLP: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil { // protojson's own spaces vary
		return fmt.Errorf("write OTLP: %w", err)
	}
	_, err = w.Write(append(out.Bytes(), '\n'))
	return err
}

// OTLPMetrics are metrics as a request of OpenTelemetry's protocol has them. Their names
// have a dot behind the name of this program and no unit, which stands in a field of its
// own: a translation to the rules of Prometheus has the names of OpenMetrics.
func OTLPMetrics(s *metric.Set) *metricsv1.MetricsData {
	scope := &metricsv1.ScopeMetrics{Scope: &commonv1.InstrumentationScope{Name: "github.com/kn-coldstart/kn-coldstart", Version: s.Version}}
	for i := range s.Families {
		scope.Metrics = append(scope.Metrics, otlpMetric(s, &s.Families[i]))
	}
	resource := &resourcev1.Resource{Attributes: []*commonv1.KeyValue{attribute("service.name", "kn-coldstart"), attribute("service.version", s.Version)}}
	return &metricsv1.MetricsData{ResourceMetrics: []*metricsv1.ResourceMetrics{{Resource: resource, ScopeMetrics: []*metricsv1.ScopeMetrics{scope}}}}
}

// otlpUnits are the units by the codes that OpenTelemetry takes.
var otlpUnits = map[metric.Unit]string{metric.Seconds: "s", metric.Bytes: "By"}

func otlpMetric(s *metric.Set, f *metric.Family) *metricsv1.Metric {
	m := &metricsv1.Metric{Name: metricPrefix + "." + f.Name, Description: f.Help, Unit: otlpUnits[f.Unit]}
	const cumulative = metricsv1.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	switch f.Kind {
	case metric.Gauge:
		m.Data = &metricsv1.Metric_Gauge{Gauge: &metricsv1.Gauge{DataPoints: otlpNumbers(s, f)}}
	case metric.Counter:
		m.Data = &metricsv1.Metric_Sum{Sum: &metricsv1.Sum{DataPoints: otlpNumbers(s, f), AggregationTemporality: cumulative, IsMonotonic: true}}
	case metric.Histogram:
		m.Data = &metricsv1.Metric_Histogram{Histogram: &metricsv1.Histogram{DataPoints: otlpHistograms(s, f), AggregationTemporality: cumulative}}
	}
	return m
}

func otlpNumbers(s *metric.Set, f *metric.Family) []*metricsv1.NumberDataPoint {
	var points []*metricsv1.NumberDataPoint
	for i := range f.Points {
		p := &metricsv1.NumberDataPoint{Attributes: attributes(f.Points[i].Labels), TimeUnixNano: unixNano(s.End),
			Value: &metricsv1.NumberDataPoint_AsDouble{AsDouble: f.Points[i].Value}}
		if f.Kind == metric.Counter {
			p.StartTimeUnixNano = unixNano(s.Start)
		}
		points = append(points, p)
	}
	return points
}

// otlpHistograms have what is in each bucket alone, as against what is in all up to it.
func otlpHistograms(s *metric.Set, f *metric.Family) []*metricsv1.HistogramDataPoint {
	var points []*metricsv1.HistogramDataPoint
	for i := range f.Points {
		b := f.Points[i].Buckets
		p := &metricsv1.HistogramDataPoint{Attributes: attributes(f.Points[i].Labels), StartTimeUnixNano: unixNano(s.Start),
			TimeUnixNano: unixNano(s.End), Count: uint64(b.Count), Sum: &b.Sum}
		before := 0
		for j, bound := range metric.Bounds {
			p.ExplicitBounds = append(p.ExplicitBounds, bound.Seconds())
			p.BucketCounts = append(p.BucketCounts, uint64(b.UpTo[j]-before))
			before = b.UpTo[j]
		}
		p.BucketCounts = append(p.BucketCounts, uint64(b.Count-before))
		points = append(points, p)
	}
	return points
}

func attributes(labels []metric.Label) []*commonv1.KeyValue {
	var all []*commonv1.KeyValue
	for _, l := range labels {
		all = append(all, attribute(l.Name, l.Value))
	}
	return all
}

func attribute(name, value string) *commonv1.KeyValue {
	return &commonv1.KeyValue{Key: name, Value: &commonv1.AnyValue{Value: &commonv1.AnyValue_StringValue{StringValue: table.Plain(value)}}}
}

// unixNano is zero, which stands for a time that is not known, where there is none.
func unixNano(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano())
}
