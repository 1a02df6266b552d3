package gate

import (
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// Verdict is the answer to one question, or to all of them. The zero value is no
// answer: it counts as Invalid everywhere and can never pass.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"         // shown to be good enough
	Fail         Verdict = "fail"         // shown to be worse, and by more than the tolerance
	Inconclusive Verdict = "inconclusive" // too few samples or runs to say
	Invalid      Verdict = "invalid"      // the runs do not measure what was asked
)

// Exit codes of the verdicts; 1, 2 and 130 are the tool's own.
const (
	ExitPass         = 0
	ExitFail         = 3
	ExitInconclusive = 4
	ExitInvalid      = 5
)

// ExitCode is the process's exit code for a verdict. What is no verdict has the
// code of Invalid.
func (v Verdict) ExitCode() int {
	switch v {
	case Pass:
		return ExitPass
	case Fail:
		return ExitFail
	case Inconclusive:
		return ExitInconclusive
	}
	return ExitInvalid
}

// severity orders verdicts: a failure that is shown stands, whatever else could
// not be judged. What is no verdict is as grave as Invalid.
func (v Verdict) severity() int {
	switch v {
	case Pass:
		return 0
	case Inconclusive:
		return 1
	case Fail:
		return 3
	}
	return 2
}

// orInvalid is the verdict, or Invalid where it is none.
func (v Verdict) orInvalid() Verdict {
	switch v {
	case Pass, Fail, Inconclusive, Invalid:
		return v
	}
	return Invalid
}

// Result is what a gate says. Its verdict is the gravest of its judgements; while
// there is none, it has no verdict and its exit code is that of Invalid.
type Result struct {
	Verdict    Verdict            `json:"verdict"`
	Judgements []Judgement        `json:"judgements"`
	Warnings   []analysis.Warning `json:"warnings"`
	// Baseline says which runs were chosen as the baseline, where somebody gave a folder.
	Baseline *Choice `json:"baseline,omitempty"`
}

// Count is how many judgements have the verdict.
func (r *Result) Count(v Verdict) int {
	n := 0
	for _, j := range r.Judgements {
		if j.Verdict == v {
			n++
		}
	}
	return n
}

// Mismatches names the fields in which baselines that were refused differ.
func (r *Result) Mismatches() []string {
	var fields []string
	for _, j := range r.Judgements {
		for _, m := range j.Mismatches {
			if !slices.Contains(fields, m.Field) {
				fields = append(fields, m.Field)
			}
		}
	}
	return fields
}

// ExitCode is the process's exit code. inconclusive is what an inconclusive
// result shall count as, Pass or Fail; empty leaves it what it is.
func (r *Result) ExitCode(inconclusive Verdict) int {
	if r.Verdict == Inconclusive && inconclusive != "" {
		return inconclusive.ExitCode()
	}
	return r.Verdict.ExitCode()
}

func newResult(warnings []analysis.Warning) *Result {
	if warnings == nil {
		warnings = []analysis.Warning{} // a list in JSON, not null
	}
	return &Result{Judgements: []Judgement{}, Warnings: warnings}
}

// add takes a judgement. One that lacks a verdict becomes invalid, so that a case
// that somebody forgot cannot pass.
func (r *Result) add(j Judgement) {
	if j.Verdict != j.Verdict.orInvalid() {
		j.Verdict, j.Reason = Invalid, "no verdict was reached"
	}
	if len(r.Judgements) == 0 || j.Verdict.severity() > r.Verdict.severity() {
		r.Verdict = j.Verdict
	}
	r.Judgements = append(r.Judgements, j)
}

// join adds the judgements of another result, and those warnings that are new.
func (r *Result) join(other *Result) {
	for _, j := range other.Judgements {
		r.add(j)
	}
	for _, w := range other.Warnings {
		if !slices.Contains(r.Warnings, w) {
			r.Warnings = append(r.Warnings, w)
		}
	}
}
