package main

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
)

// metricFormats are those that have labels.
var metricFormats = []string{"openmetrics", "prometheus", "otlp"}

// metricFlags say what metrics have besides.
type metricFlags struct{ labels []string }

func (f *metricFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.labels, "metric-label", nil, "label of every metric, as NAME=VALUE, such as experiment=nightly; repeatable")
}

// parse returns the labels. Other formats have no place for them, unless metrics are sent.
func (f *metricFlags) parse(format string, sent bool) ([]metric.Label, error) {
	if len(f.labels) > 0 && !sent && !slices.Contains(metricFormats, format) {
		return nil, fmt.Errorf("--metric-label is for metrics, and --output %s has none", format)
	}
	labels, err := metric.ParseLabels(f.labels)
	if err != nil {
		return nil, fmt.Errorf("--metric-label: %w", err)
	}
	return labels, nil
}
