package metric

import (
	"fmt"
	"strconv"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
)

var verdicts = []string{string(gate.Pass), string(gate.Fail), string(gate.Inconclusive), string(gate.Invalid)}

// OfVerdict is what a gate says about the runs of a summary. For inconclusive, see
// gate.Result.ExitCode.
func OfVerdict(r *gate.Result, s *analysis.Summary, inconclusive gate.Verdict) *Set {
	verdict := &Family{Name: "gate_verdict", Help: "The gravest of the verdicts: 1 for that verdict, 0 for the others."}
	verdict.oneOf(string(r.Verdict), verdicts, "verdict")
	code := &Family{Name: "gate_exit_code", Help: "Exit code of the gate: 0 pass, 3 fail, 4 inconclusive, 5 invalid."}
	code.count(r.ExitCode(inconclusive))
	judged := &Family{Name: "gate_judgement", Help: "Verdict on one question about one class: 1 for that verdict, 0 for the others."}
	seen := map[string]int{}
	for _, j := range r.Judgements {
		labels := append(labelsOf(j.Key), Label{"question", j.Subject}, Label{"kind", string(j.Kind)})
		name := fmt.Sprint(labels)
		if seen[name]++; seen[name] > 1 { // it was asked twice, or of two loads
			labels = with(labels, "number", strconv.Itoa(seen[name]))
		}
		judged.oneOf(string(j.Verdict), verdicts, "verdict", labels...)
	}
	set := &Set{}
	if s != nil {
		for i := range s.Runs {
			set.span(&s.Runs[i])
		}
	}
	set.Families = families(verdict, code, judged)
	return set
}

// span makes the set's time reach over that of a run.
func (s *Set) span(run *analysis.RunInfo) {
	if s.Start.IsZero() || run.Started.Before(s.Start) {
		s.Start = run.Started
	}
	if end := run.Started.Add(run.Lasted); end.After(s.End) {
		s.End = end
	}
}
