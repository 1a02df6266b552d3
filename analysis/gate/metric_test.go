package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
)

// manyRounds are rounds of one number of services that were all answered at once.
func manyRounds(rounds, services int) *record.Run {
	b := runtest.New("r", "runc")
	for block := range rounds {
		for range services {
			b.Add("runc", services, time.Second, func(s *record.Sample) { s.Block = block })
		}
	}
	r := b.Run()
	r.Header.Shape = record.Shape{Rounds: true}
	return r
}

// Every row of the table is complete: its example is read, can be observed in a
// round, is given a verdict, and is in the help text.
func TestEveryMetricIsWhole(t *testing.T) {
	run := manyRounds(12, 40)
	cell := &analysis.Summarise(run).Cells[0]
	names := map[Metric]bool{}
	for _, m := range metrics() {
		t.Run(string(m.name), func(t *testing.T) {
			if names[m.name] || m.meaning == "" || !strings.HasPrefix(m.example, strings.Split(m.form, "(")[0]) {
				t.Errorf("the row is not whole: %+v", m)
			}
			names[m.name] = true
			threshold, err := ParseThreshold(m.example)
			if err != nil || threshold.Metric != m.name || threshold.String() != m.example {
				t.Fatalf("the example is read as %s: %v", threshold, err)
			}
			if got := threshold.upper(); got != (m.better == lower) {
				t.Errorf("the example bounds from above: %v", got)
			}
			run, ofLoad := run, m.measure != nil
			if ofLoad {
				run = runtest.New("r", "runc").Load("runc", 500*time.Millisecond, runtest.Same(400, time.Second), runtest.Same(400, 20*time.Millisecond)).Run()
			}
			if m.deployed != "" {
				run = deployRun("r", unchanged)
			}
			ofStarts := !ofLoad && m.deployed == ""
			if threshold.OfLoad() != ofLoad || threshold.OfDeployments() != (m.deployed != "") || ofStarts != (m.observe != nil) || ofStarts != (m.judge != nil) {
				t.Errorf("it is of more than one thing, or of none: %+v", m)
			}
			if _, seen := threshold.Observe(cell); seen == "" || strings.Contains(seen, "cannot be observed") == ofStarts {
				t.Errorf("observed: %q", seen)
			}
			if j := judgeOne(t, run, m.example); j.Verdict == Invalid || j.Reason == "" {
				t.Errorf("judged: %+v", j)
			}
			if !strings.Contains(MetricsHelp(), m.example) || !strings.Contains(metricForms(), m.form) {
				t.Error("it is not in the help text")
			}
		})
	}
}

// A metric that nobody implemented is no pass.
func TestAMetricWithoutARowIsInvalid(t *testing.T) {
	run := steady(100)
	cell := &analysis.Summarise(run).Cells[0]
	forgotten := Threshold{Metric: "forgotten", Operator: "<", Limit: 1e12}
	if j := forgotten.judge(newEvidence(cell, []start.List{start.Of(run)[cell.Key]})); j.Verdict != Invalid {
		t.Errorf("judged %+v", j)
	}
	if met, seen := forgotten.Observe(cell); met || seen != "forgotten cannot be observed" {
		t.Errorf("observed %v, %q", met, seen)
	}
}

// What is no verdict is never a pass.
func TestNoVerdictIsInvalid(t *testing.T) {
	for _, v := range []Verdict{"", "passed"} {
		r := newResult(nil)
		if r.ExitCode("") != ExitInvalid {
			t.Error("a result without judgements passes")
		}
		r.add(Judgement{Verdict: Pass})
		r.add(Judgement{Verdict: v})
		if r.Verdict != Invalid || r.Judgements[1].Verdict != Invalid || r.ExitCode("") != ExitInvalid || v.ExitCode() != ExitInvalid {
			t.Errorf("%q: %+v", v, r)
		}
	}
}
