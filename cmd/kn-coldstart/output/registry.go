package output

import (
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/history"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// Report is what run files say, all of it: the result of report.
var Report = Result[Runs]{"run report", []Format[Runs]{
	{"text", "tables for people, with phases, Knative's spans and a timeline", ofSummary(everything)},
	{"wide", wideHelp, wide(ofSummary(everything))},
	{"json", "one object with all figures of the tables", ofSummary(report.JSON)},
	{"markdown", "the same tables, for a comment or a page", ofSummary(report.MarkdownReport)},
	{"seconds", "a row for each second of a load, for people", wide(ofSummary(noWorkIn(report.Seconds)))},
	{"csv", "one row for each sample; of a load, for the first failures and the slowest requests of each second", ofSamples(noWork(report.CSV))},
	{"html", "one page with charts that needs no network", page},
	{"benchfmt", "Go's benchmark format, which benchstat reads", ofRuns(noWork(report.Benchfmt))},
	{"hlog", "HDR histogram log, one histogram for each class, and for each second of a load", ofRuns(noWork(report.HDRLog))},
	{"customSmallerIsBetter", "JSON for github-action-benchmark", ofSummary(noWorkIn(report.SmallerIsBetter))},
	{"openmetrics", "OpenMetrics text, of one run", ofMetrics(report.OpenMetrics)},
	{"prometheus", "the older text format of Prometheus, of one run: for node_exporter's textfile collector and a push gateway", ofMetrics(report.Prometheus)},
	{"otlp", "OpenTelemetry metrics as OTLP JSON, of one run", ofMetrics(report.OTLP)},
}}

// RunEnd is the summary that a run prints when it ends: the result of single, scale, load and work.
var RunEnd = Result[Ended]{"end-of-run summary", []Format[Ended]{
	{"text", "tables for people", endText},
	{"wide", wideHelp, wide(endText)},
	{"json", "one object with all figures of the tables", func(w io.Writer, e Ended) error { return report.JSON(w, e.Summary) }},
}}

// Comparison holds two sides against each other: the result of compare.
var Comparison = Result[*analysis.Comparison]{"comparison", []Format[*analysis.Comparison]{
	{"text", "a table for people", report.Comparison},
	{"wide", wideHelp, wide(report.Comparison)},
	{"json", "one object with every row and warning", report.ComparisonJSON},
	{"markdown", "a table for a comment or a page", report.ComparisonMarkdown},
}}

// Verdict is the answer of gate and of ab.
var Verdict = Result[Judged]{"verdict", []Format[Judged]{
	{"text", "each judgement with its reason, for people", func(w io.Writer, j Judged) error { return report.Verdict(w, j.Result) }},
	{"json", "one object with the judgements and the exit code", func(w io.Writer, j Judged) error { return report.VerdictJSON(w, j.Result, j.Inconclusive) }},
	{"markdown", "what GitHub Actions shows as a step's summary", func(w io.Writer, j Judged) error { return report.StepSummary(w, j.Result, j.Summary) }},
	{"openmetrics", "OpenMetrics text", ofVerdict(report.OpenMetrics)},
	{"prometheus", "the older text format of Prometheus: for node_exporter's textfile collector and a push gateway", ofVerdict(report.Prometheus)},
}}

// History is a percentile of many runs over time: the result of history.
var History = Result[*history.History]{"history", []Format[*history.History]{
	{"text", "a table and the changes of each series, for people", report.History},
	{"wide", wideHelp, wide(report.History)},
	{"json", "one object with every run and change", report.HistoryJSON},
	{"html", "one page with a chart for each class that needs no network", report.HistoryHTML},
}}

// Calibration says which gate suits a cluster: the result of gate --calibrate.
var Calibration = Result[*gate.Calibration]{"calibration", []Format[*gate.Calibration]{
	{"text", "tables and a proposal, for people", report.Calibration},
	{"wide", wideHelp, wide(report.Calibration)},
	{"json", "one object with the noise and every design", report.CalibrationJSON},
}}

// Checks are what was found in a cluster: the result of doctor.
var Checks = Result[[]record.Check]{"list of checks", []Format[[]record.Check]{
	{"text", "a table for people, with hints", checksText},
	{"json", "an array with one object for each check", checksJSON},
}}

// Scenario is what became of several experiments: the result of run.
var Scenario = Result[ScenarioEnd]{"summary of the experiments", []Format[ScenarioEnd]{
	{"text", "what each experiment prints, and a table of all", scenarioText},
	{"json", "one object with all experiments, their verdicts and the exit code", indented[ScenarioEnd]},
	{"markdown", "the table and the verdicts, for a comment or a page", scenarioMarkdown},
}}

// Plan is what would be run: the result of run --dry-run.
var Plan = Result[Planned]{"plan of --dry-run", []Format[Planned]{
	{"text", "a table for people", planText},
	{"json", "one object with all experiments", indented[Planned]},
}}
