package report

import (
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// metricPrefix begins the name of each metric.
const metricPrefix = "kn_coldstart"

// OpenMetrics writes metrics as OpenMetrics text, version 1. The values have no time: they
// are those of now to whoever reads them, and a metric of the run says when it was.
func OpenMetrics(w io.Writer, s *metric.Set) error {
	for i := range s.Families {
		if _, err := expfmt.MetricFamilyToOpenMetrics(w, prometheusFamily(s, &s.Families[i]), expfmt.WithCreatedLines()); err != nil {
			return fmt.Errorf("write OpenMetrics: %w", err)
		}
	}
	_, err := expfmt.FinalizeOpenMetrics(w)
	return err
}

// Prometheus writes metrics in the text format that was before OpenMetrics, which the
// textfile collector of the node exporter and the push gateway read. It has the same names
// and values. What it has no word for is left out: units, and when counting began.
func Prometheus(w io.Writer, s *metric.Set) error {
	for i := range s.Families {
		if _, err := expfmt.MetricFamilyToText(w, prometheusFamily(s, &s.Families[i])); err != nil {
			return fmt.Errorf("write Prometheus text: %w", err)
		}
	}
	return nil
}

// prometheusFamily is a family in the model of Prometheus' own libraries.
func prometheusFamily(s *metric.Set, f *metric.Family) *dto.MetricFamily {
	name := metricPrefix + "_" + f.Name
	out := &dto.MetricFamily{Help: proto.String(f.Help)}
	if f.Unit != metric.None {
		name += "_" + string(f.Unit)
		out.Unit = proto.String(string(f.Unit))
	}
	kind := map[metric.Kind]dto.MetricType{metric.Gauge: dto.MetricType_GAUGE, metric.Counter: dto.MetricType_COUNTER, metric.Histogram: dto.MetricType_HISTOGRAM}
	if f.Kind == metric.Counter {
		name += "_total"
	}
	out.Name, out.Type = proto.String(name), kind[f.Kind].Enum()
	var created *timestamppb.Timestamp
	if !s.Start.IsZero() {
		created = timestamppb.New(s.Start)
	}
	for i := range f.Points {
		out.Metric = append(out.Metric, prometheusPoint(f.Kind, &f.Points[i], created))
	}
	return out
}

func prometheusPoint(kind metric.Kind, p *metric.Point, created *timestamppb.Timestamp) *dto.Metric {
	m := &dto.Metric{}
	for _, l := range p.Labels {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(l.Name), Value: proto.String(table.Plain(l.Value))})
	}
	switch kind {
	case metric.Gauge:
		m.Gauge = &dto.Gauge{Value: proto.Float64(p.Value)}
	case metric.Counter:
		m.Counter = &dto.Counter{Value: proto.Float64(p.Value), CreatedTimestamp: created}
	case metric.Histogram:
		m.Histogram = prometheusHistogram(p.Buckets, created)
	}
	return m
}

func prometheusHistogram(b *metric.Buckets, created *timestamppb.Timestamp) *dto.Histogram {
	h := &dto.Histogram{SampleCount: proto.Uint64(uint64(b.Count)), SampleSum: proto.Float64(b.Sum), CreatedTimestamp: created}
	for i, bound := range metric.Bounds {
		h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: proto.Float64(bound.Seconds()), CumulativeCount: proto.Uint64(uint64(b.UpTo[i]))})
	}
	return h
}
