package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/golden"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// judged is a gate's result with every verdict in it.
func judged(t *testing.T) *gate.Result {
	t.Helper()
	side := func(seed uint64, gvisor time.Duration) []*record.Run {
		var list []*record.Run
		for i := range uint64(5) {
			list = append(list, runtest.New(fmt.Sprint(seed, i), "runc", "gvisor", "kata-qemu").
				Draw("runc", 20, runtest.LogNormal(seed+i, time.Second, 0.1)).
				Draw("gvisor", 20, runtest.LogNormal(seed+10+i, gvisor, 0.1)).
				Add("kata-qemu", 10, time.Second, runtest.Coldness(record.Warm)).Run())
		}
		return list
	}
	var thresholds []gate.Threshold
	for _, s := range []string{"p(95)<2s", "runc: p(99)<2s", "*/1: failed<5%"} {
		threshold, err := gate.ParseThreshold(s)
		if err != nil {
			t.Fatal(err)
		}
		thresholds = append(thresholds, threshold)
	}
	r, err := gate.Judge(side(100, 2600*time.Millisecond), side(200, 2*time.Second), thresholds, &gate.Options{Quantiles: []float64{0.5}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGoldenVerdicts(t *testing.T) {
	r := judged(t)
	for _, v := range []gate.Verdict{gate.Pass, gate.Fail, gate.Inconclusive, gate.Invalid} {
		if r.Count(v) == 0 {
			t.Errorf("no judgement is %s", v)
		}
	}
	for name, draw := range map[string]func(io.Writer, *gate.Result) error{
		"verdict.txt": Verdict, "verdict.xml": junitOn, "verdict.annotations.txt": Annotations,
		"verdict.json": func(w io.Writer, r *gate.Result) error { return VerdictJSON(w, r, gate.Fail) },
		"verdict.openmetrics.txt": func(w io.Writer, r *gate.Result) error {
			return OpenMetrics(w, metric.OfVerdict(r, analysis.Summarise(runtest.Three()), ""))
		},
		"verdict.md": func(w io.Writer, r *gate.Result) error {
			return StepSummary(w, r, analysis.Summarise(runtest.Three()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			golden.Check(t, name, func(w io.Writer) error { return draw(w, r) })
			if draw(full{}, r) == nil {
				t.Error("drew on a full disk")
			}
		})
	}
}

// many is a result with n failures, whose reasons are so long.
func many(n, long int) *gate.Result {
	r := &gate.Result{Verdict: gate.Fail}
	for i := range n {
		r.Judgements = append(r.Judgements, gate.Judgement{Kind: gate.SLO, Key: record.Key{RuntimeClass: fmt.Sprintf("class-%d", i), Services: 1},
			Subject: "max<1s", Verdict: gate.Fail, Reason: strings.Repeat("é", long), Notice: "n"})
		r.Warnings = append(r.Warnings, analysis.Warning{Message: fmt.Sprint(i)})
	}
	return r
}

func TestStepSummaryStaysBelowTheLimit(t *testing.T) {
	var out bytes.Buffer
	if err := StepSummary(&out, many(5000, 1000), analysis.Summarise(runtest.Three())); err != nil {
		t.Fatal(err)
	}
	if out.Len() > summaryLimit {
		t.Errorf("%d bytes", out.Len())
	}
	for _, want := range []string{"## Cold starts: fail (5000 fail", "of 5000 judgements are left out", "| gvisor "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said", want)
		}
	}
}

func TestAnnotationsStayBelowTheLimit(t *testing.T) {
	var out bytes.Buffer
	if err := Annotations(&out, many(30, 1)); err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{"::error ", "::warning ", "::notice "} {
		if n := strings.Count(out.String(), level); n != annotationLimit {
			t.Errorf("%d of %q", n, level)
		}
	}
	if n := strings.Count(out.String(), "and 21 more"); n != 3 {
		t.Errorf("the rest is counted %d times:\n%s", n, out.String())
	}
}

// junitOn is JUnit of runs that began on a day in January.
func junitOn(w io.Writer, r *gate.Result) error {
	return JUnit(w, r, "", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
}

// Where inconclusive counts as a failure, readers of the XML must see one, with the
// class in the test's name.
func TestJUnitOfWhatIsInconclusive(t *testing.T) {
	r := &gate.Result{Verdict: gate.Inconclusive, Judgements: []gate.Judgement{{Kind: gate.SLO, Key: record.Key{RuntimeClass: "runc", Services: 1},
		Subject: "p(95)<2s", Verdict: gate.Inconclusive, Reason: "too few"}}}
	for inconclusive, want := range map[gate.Verdict][2]int{"": {0, 1}, gate.Pass: {0, 1}, gate.Fail: {1, 0}} {
		var out bytes.Buffer
		if err := JUnit(&out, r, inconclusive, time.Time{}); err != nil {
			t.Fatal(err)
		}
		var back junitSuites
		if err := xml.Unmarshal(out.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		suite := back.Suites[0]
		if got := [2]int{suite.Failures, suite.Skipped}; got != want || suite.Cases[0].Name != "runc p(95)<2s" || suite.Tests != 1 {
			t.Errorf("inconclusive as %q: %s", inconclusive, out.String())
		}
		if failed := suite.Cases[0].Failure; failed != nil && (failed.Type != "inconclusive" || failed.Message != "too few") {
			t.Errorf("%+v", failed)
		}
	}
}

// A name in a run file cannot become a command, a tag, or a link.
func TestVerdictsEscapeWhatIsNotTheirs(t *testing.T) {
	hostile := "a\n::error::b, c: 100%|<script>]]>\x1b[0m"
	r := &gate.Result{Verdict: gate.Fail, Judgements: []gate.Judgement{{Kind: gate.SLO, Key: record.Key{RuntimeClass: hostile, Services: 1},
		Subject: hostile, Verdict: gate.Fail, Reason: hostile}}, Warnings: []analysis.Warning{{Message: hostile}}}
	var commands, summary, junit bytes.Buffer
	if err := Annotations(&commands, r); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(commands.String()), "\n") {
		if !strings.HasPrefix(line, "::error title=") && !strings.HasPrefix(line, "::warning title=") || strings.Contains(line, "100%|") {
			t.Errorf("a line of its own: %q", line)
		}
	}
	if err := StepSummary(&summary, r, nil); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(summary.String(), "<script>") || strings.Contains(summary.String(), "\x1b") {
		t.Errorf("not escaped: %q", summary.String())
	}
	if err := JUnit(&junit, r, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	if err := xml.Unmarshal(junit.Bytes(), &back); err != nil || back.Suites[0].Failures != 1 {
		t.Errorf("the XML does not read back: %v\n%s", err, junit.String())
	}
}

func TestGoldenCalibrations(t *testing.T) {
	key := record.Key{RuntimeClass: "runc", Services: 1}
	c := &gate.Calibration{Goal: gate.Goal{Worse: 0.25, Power: 0.8}, Reached: true,
		Noise: []gate.Noise{
			{Key: key, Quantile: 0.5, Runs: 8, Samples: 30, Value: stat.Point{Latency: time.Second}, Seen: 0.06, Between: 0.04, FalseAlarms: 0.02, Caught: 0.91},
			{Key: key, Quantile: 0.95, Runs: 8, Samples: 30, Value: stat.Point{Latency: 2 * time.Second}, Seen: 0.09, Between: 0.05, FalseAlarms: 0.01, Caught: 0.8},
		},
		Proposal: gate.Design{Runs: 5, Samples: 30, Tolerance: gate.Tolerance{Share: 0.15, Absolute: 50 * time.Millisecond}}}
	golden.Check(t, "calibration.txt", func(w io.Writer) error { return Calibration(w, c) })
	golden.Check(t, "calibration.json", func(w io.Writer) error { return CalibrationJSON(w, c) })
	c.Reached = false
	golden.Check(t, "calibration-unreached.txt", func(w io.Writer) error { return Calibration(w, c) })
}

// Each verdict has its colour on a terminal, and what stands there is the same but for it.
func TestVerdictsHaveColours(t *testing.T) {
	r := judged(t)
	var plain, painted bytes.Buffer
	if err := Verdict(&plain, r); err != nil {
		t.Fatal(err)
	}
	if err := Verdict(Coloured(&painted), r); err != nil {
		t.Fatal(err)
	}
	for verdict, colour := range verdictColours {
		if !strings.Contains(painted.String(), fmt.Sprintf("\n\x1b[%sm%-12s\x1b[0m  ", colour, verdict)) {
			t.Errorf("%s is not in colour %s", verdict, colour)
		}
	}
	if got := regexp.MustCompile(`\x1b\[\d+m`).ReplaceAllString(painted.String(), ""); got != plain.String() {
		t.Errorf("without its colours it is\n%s", got)
	}
}
