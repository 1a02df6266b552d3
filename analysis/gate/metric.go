package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Metric names what a threshold bounds. What there is to know of each stands in
// one row of the table that metrics returns.
type Metric string

// The metrics.
const (
	Percentile Metric = "p"
	Median     Metric = "med"
	Min        Metric = "min"
	Max        Metric = "max"
	Average    Metric = "avg"
	Failed     Metric = "failed"
	Answered   Metric = "answered"
	Cold       Metric = "cold"
	Spawned    Metric = "spawned"

	// Of loads.
	LoadPercentile  Metric = "load"
	LoadFailed      Metric = "loadFailed"
	Recovered       Metric = "recovered"
	Overshoot       Metric = "overshoot"
	InstanceSeconds Metric = "instanceSeconds"

	// Of deployments.
	DeployReady    Metric = "deployReady"
	DeployRoutable Metric = "deployRoutable"
	DeleteGone     Metric = "deleteGone"
)

// unit is what a metric is measured in, and so how its limit is written.
type unit int

const (
	latency unit = iota // a duration, of the cold starts alone or of a load
	share               // a percentage of all requests
	count               // a number of instances
)

// unitNames head the lists of metrics in the help text.
var unitNames = map[unit]string{
	latency: "latency of cold starts",
	share:   "share of all requests",
	count:   "instances of a round",
}

// direction says which way a metric gets better.
type direction int

const (
	lower  direction = iota // less is better
	higher                  // more is better
)

// metric is one row of the table: all that the gate knows of a metric. Who adds a
// metric adds a row, and a test goes over all rows.
type metric struct {
	name   Metric
	unit   unit
	better direction
	// form is how the metric is written in a threshold, and example a threshold.
	form, example string
	// meaning is one sentence for people.
	meaning string
	// quantile is what the threshold's Quantile is; zero where it is in the
	// argument, or where there is none.
	quantile float64
	// argument says that the metric takes a percentile in brackets.
	argument bool
	// observe says whether one round of a cell, of which all requests were to be
	// answered, is as the threshold says, and what was seen.
	observe func(t Threshold, c *analysis.Cell, all int) (met bool, seen string)
	// judge puts verdict, reason and power into the judgement. It bounds the metric
	// with confidence where it can be bounded.
	judge func(t Threshold, j *Judgement, e *evidence)
	// measure is the metric of one load: a value and what was seen. A metric has either
	// this, or deployed, or observe and judge.
	measure func(t Threshold, l *load.Load) (value float64, seen string)
	// deployed is the step of a deployment, or of a removal, that the metric is about.
	deployed record.DeployStepName
}

// metrics is the table of all metrics, in the order of the help text. It is a
// function because the rows refer to functions that look metrics up.
func metrics() []metric {
	return []metric{
		{name: Percentile, unit: latency, better: lower, form: "p(N)", example: "p(95)<2s", argument: true,
			meaning: "percentile N of the service response latency", observe: Threshold.observeQuantile, judge: Threshold.judgeQuantile},
		{name: Median, unit: latency, better: lower, form: "med", example: "med<1s", quantile: 0.5,
			meaning: "the median, p(50)", observe: Threshold.observeQuantile, judge: Threshold.judgeQuantile},
		{name: Min, unit: latency, better: lower, form: "min", example: "min<1s",
			meaning: "the smallest latency seen; a fact about this run", observe: Threshold.observeMin, judge: Threshold.judgeMin},
		{name: Max, unit: latency, better: lower, form: "max", example: "max<5s",
			meaning: "the largest latency seen; a fact about this run", observe: Threshold.observeMax, judge: Threshold.judgeMax},
		{name: Average, unit: latency, better: lower, form: "avg", example: "avg<1s",
			meaning: "the mean latency; there is none once a start was not answered, and its bound takes hundreds of starts", observe: Threshold.observeMean, judge: Threshold.judgeMean},
		{name: Failed, unit: share, better: lower, form: "failed", example: "failed<1%",
			meaning: "planned starts that were answered wrongly, not at all, or not made", observe: Threshold.observeFailed, judge: Threshold.judgeFailed},
		{name: Answered, unit: share, better: higher, form: "answered", example: "answered>=99%",
			meaning: "planned starts that were answered well", observe: Threshold.observeAnswered, judge: Threshold.judgeAnswered},
		{name: Cold, unit: share, better: higher, form: "cold", example: "cold>=99%",
			meaning: "planned starts that are proven to be cold", observe: Threshold.observeCold, judge: Threshold.judgeCold},
		{name: Spawned, unit: count, better: higher, form: "spawned", example: "spawned>=490",
			meaning: "instances created, in the round with the fewest", observe: Threshold.observeSpawned, judge: Threshold.judgeSpawned},
		{name: LoadPercentile, unit: latency, better: lower, form: "load(N)", example: "load(99)<500ms", argument: true,
			meaning: "percentile N of the requests of a load, from when they were due", measure: Threshold.measureLoadQuantile},
		{name: LoadFailed, unit: share, better: lower, form: "loadFailed", example: "loadFailed<1%",
			meaning: "requests of a load that were answered wrongly, not at all, or not sent", measure: Threshold.measureLoadFailed},
		{name: Recovered, unit: latency, better: lower, form: "recovered", example: "recovered<30s",
			meaning: "the longest time until p99 of a second of a load was under the limit of the run again", measure: Threshold.measureRecovered},
		{name: Overshoot, unit: count, better: lower, form: "overshoot", example: "overshoot<=3",
			meaning: "instances that the autoscaler wanted at most over those when the load ended", measure: Threshold.measureOvershoot},
		{name: InstanceSeconds, unit: count, better: lower, form: "instanceSeconds", example: "instanceSeconds<=900",
			meaning: "instance-seconds used during a load", measure: Threshold.measureInstanceSeconds},
		{name: DeployReady, unit: latency, better: lower, form: "deployReady(N)", example: "deployReady(95)<10s", argument: true,
			meaning: "percentile N of the time from the creation of a service until it was Ready", deployed: record.StepReady},
		{name: DeployRoutable, unit: latency, better: lower, form: "deployRoutable(N)", example: "deployRoutable(95)<10s", argument: true,
			meaning: "percentile N of the time from the creation of a service until a request got through the ingress", deployed: record.StepRoutable},
		{name: DeleteGone, unit: latency, better: lower, form: "deleteGone(N)", example: "deleteGone(95)<30s", argument: true,
			meaning: "percentile N of the time from the deletion of a service until all of it was gone", deployed: record.StepGone},
	}
}

// MetricExamples are thresholds, one for each metric.
func MetricExamples() []string {
	var examples []string
	for _, m := range metrics() {
		examples = append(examples, m.example)
	}
	return examples
}

// metricOf is the row of a metric.
func metricOf(name Metric) (metric, bool) {
	all := metrics()
	at := slices.IndexFunc(all, func(m metric) bool { return m.name == name })
	if at < 0 {
		return metric{}, false
	}
	return all[at], true
}

// metricForms lists how all metrics are written, for an error.
func metricForms() string {
	var forms []string
	for _, m := range metrics() {
		forms = append(forms, m.form)
	}
	last := len(forms) - 1
	return strings.Join(forms[:last], ", ") + " and " + forms[last]
}

// MetricsHelp lists the metrics by what they measure, with an example of each, one
// line a unit. Help texts are made of it.
func MetricsHelp() string {
	var b strings.Builder
	for u := latency; u <= count; u++ {
		var examples []string
		for _, m := range metrics() {
			if m.unit == u && m.judge != nil {
				examples = append(examples, m.example)
			}
		}
		fmt.Fprintf(&b, "  %-24s %s\n", unitNames[u], strings.Join(examples, "  "))
	}
	var ofLoads, ofDeployments []string
	for _, m := range metrics() {
		switch {
		case m.measure != nil:
			ofLoads = append(ofLoads, m.example)
		case m.deployed != "":
			ofDeployments = append(ofDeployments, m.example)
		}
	}
	fmt.Fprintf(&b, "  %-24s %s\n", "a load on a service", strings.Join(ofLoads, "  "))
	fmt.Fprintf(&b, "  %-24s %s\n", "deploying a service", strings.Join(ofDeployments, "  "))
	return b.String()
}
