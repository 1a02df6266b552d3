// Package gate judges runs: against thresholds that somebody set, against a
// baseline, and one side of a run against the other. It is what a continuous
// integration job asks.
//
// A gate that cannot know must not say yes. Three rules stand above all others:
//
//   - Pass means shown. A threshold passes where a confidence bound meets it, and a
//     baseline where the upper bound of the change lies under the tolerance. That
//     nothing could be shown is no pass but inconclusive.
//   - A start that failed is slower than any that did not.
//   - The denominator is what was to be done: a trial that was skipped, and a service
//     that was left out of a round, count like failures.
//
// What cannot be asked, such as a class that was not measured or a metric that does
// not exist, is an error and never a pass. Every judgement says what it would have
// caught, and how often: a pass that would have missed a doubling is not worth much.
//
// Requests that share a run, or a round, or follow one another, are not independent
// of each other, so hundreds of them are not hundreds of facts. Against a baseline the
// unit of evidence is the run. Bounds of thresholds come from how much runs differ
// where there are several, from rounds where services were fired together, and from
// stretches of a single run. Of two sides that one run measured in turns, the unit is
// the block: one cold start of each side, next to each other.
//
// How often each gate is wrong is measured on runs whose distribution is known; the
// table is in simulation.md.
package gate

import (
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Kind is what a judgement is about.
type Kind string

// The gates.
const (
	SLO        Kind = "slo"
	Regression Kind = "regression"
	AB         Kind = "ab" // one side of a run against the other
)

// Judgement is the verdict on one threshold or one quantile of one cell.
type Judgement struct {
	Kind Kind `json:"kind"`
	record.Key
	// Subject is the threshold as it was written, or the percentile.
	Subject string  `json:"subject"`
	Verdict Verdict `json:"verdict"`
	// Reason is one sentence with the numbers that decided.
	Reason string `json:"reason"`
	// Power is nil where a verdict needs no inference.
	Power *Power `json:"power,omitempty"`
	// Notice is something good or bad that changes no verdict.
	Notice string `json:"notice,omitempty"`
	// Change is set for a regression, or a side, that could be judged.
	Change *Change `json:"change,omitempty"`
	// Difference is set in its place for a fact about loads that may be nothing.
	Difference *Difference `json:"difference,omitempty"`
	// Mismatches are why a baseline is not comparable.
	Mismatches []Mismatch `json:"mismatches,omitempty"`
}

// Power is what a judgement would have caught, and how often.
type Power struct {
	// Worse is by how much things would have had to be worse: a latency as a
	// share of what was seen, a share as the distance from its limit. Caught is
	// how often that would have failed.
	Worse  stat.Real `json:"worse"`
	Caught stat.Real `json:"caught"`
	// Text says so in words.
	Text string `json:"text"`
}
