package gate

import (
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// Result is what a gate says. Its verdict is the gravest of its judgements; while
// there is none, it has no verdict and its exit code is that of Invalid.
type Result struct {
	Verdict    Verdict            `json:"verdict"`
	Judgements []Judgement        `json:"judgements"`
	Warnings   []analysis.Warning `json:"warnings"`
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
