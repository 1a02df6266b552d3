package main

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// This file is part of ui.go: how a run goes, for people. Each command has an
// observer that tells what is its own, and leaves the rest to a runLog.

// runLog tells what all runs have in common.
type runLog struct {
	mu    sync.Mutex
	tasks map[string]*progress
}

// See implements experiment.Observer.
func (l *runLog) See(n experiment.Notice) {
	switch n := n.(type) {
	case experiment.Step:
		sayStep("%s", n.Text)
	case experiment.Warning:
		sayWarning("%s", n.Text)
	case experiment.Checked:
		sayCheck(n.Check)
	case experiment.Progress:
		l.progress(n)
	case experiment.Cost:
		sayCost(n)
	}
}

func (l *runLog) progress(n experiment.Progress) {
	l.mu.Lock()
	task := l.tasks[n.Task]
	if task == nil || n.Done == 0 {
		if l.tasks == nil {
			l.tasks = map[string]*progress{}
		}
		task = newProgress(n.Task)
		l.tasks[n.Task] = task
	}
	l.mu.Unlock()
	if n.Done > 0 {
		task.update(n.Done, n.Total)
	}
}

// sayCost tells what the tool itself took.
func sayCost(c experiment.Cost) {
	if c.Rounds {
		sayStep("own cost: %.1f %% of one core, %d MiB of memory at most, %.1f API requests per service",
			100*float64(c.CPU)/float64(c.Elapsed), c.PeakMemory>>20, float64(c.AllRequests)/float64(c.Services))
		return
	}
	if n := float64(c.Samples); n > 0 {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / n }
		sayStep("own cost: %.1f ms of CPU during a cold start, %.1f ms per sample in all, %.1f API requests per sample",
			ms(c.InTrials), ms(c.CPU), float64(c.Requests)/n)
	}
}

// sampleLog prints a line per trial.
type sampleLog struct{ runLog }

func newSampleLog() *sampleLog { return &sampleLog{} }

// See implements experiment.Observer.
func (l *sampleLog) See(n experiment.Notice) {
	taken, ok := n.(experiment.SampleTaken)
	if !ok {
		l.runLog.See(n)
		return
	}
	s, note := taken.Sample, "cold"
	switch {
	case s.Discarded && !s.Traced:
		note = "discarded: warms caches"
	case s.Cold != record.Proven:
		note = string(s.Cold) + ": " + s.ColdReason
	case s.Traced:
		note = "cold, traced"
	}
	tell := sayProgress
	if s.Failed() || s.Cold != record.Proven {
		tell = say
	}
	tell("[%*d/%d] %s %8s  %s  %s", len(fmt.Sprint(taken.Total)), taken.Done, taken.Total, table.Pad(s.Key().Class().String(), 10), latency(s), outcome(s), note)
}

func latency(s record.Sample) string {
	text := fmt.Sprintf("%.3fs", s.ResponseLatency.Seconds())
	if s.Censored() {
		return ">" + text
	}
	return text
}

// outcome is how a request ended, and why where it failed.
func outcome(s record.Sample) string {
	if s.Error != "" {
		return string(s.Outcome) + " (" + s.Error + stuck(s) + ")"
	}
	return string(s.Outcome)
}

// stuck says where the pod was to which a request in vain had waited, if nothing else
// speaks against it: a container runtime that hangs says nothing.
func stuck(s record.Sample) string {
	if s.Outcome != record.Timeout || s.Trouble != nil {
		return ""
	}
	last := record.PhaseName("")
	for _, phase := range s.Phases {
		if phase.At < s.Done {
			last = phase.Name
		}
	}
	switch last {
	case record.PhasePodScheduled:
		return "; the pod was scheduled, and the container runtime did not create its sandbox"
	case record.PhaseSandboxReady:
		return "; the pod's sandbox was created, and its containers did not start"
	}
	return ""
}

// blockLog prints a line per block: what both sides took, what is known until then,
// and what is missing.
type blockLog struct {
	runLog
	most    int
	warming *progress
	latest  map[string]record.Sample // by variant
}

func newBlockLog(most int) *blockLog {
	return &blockLog{most: most, warming: newProgress("warming caches"), latest: map[string]record.Sample{}}
}

// See implements experiment.Observer.
func (l *blockLog) See(n experiment.Notice) {
	taken, ok := n.(experiment.SampleTaken)
	if !ok {
		l.runLog.See(n)
		return
	}
	if taken.Sample.Discarded {
		l.warming.update(taken.Done, taken.Total-2*l.most)
	}
	l.latest[taken.Sample.Variant] = taken.Sample
}

func (l *blockLog) block(r *gate.Result) {
	a, b := l.latest[record.VariantA], l.latest[record.VariantB]
	j, n := r.Judgements[0], max(a.Block, b.Block)
	known := j.Reason
	if c := j.Change; c != nil {
		ratio := c.Ratio
		ratio.Interval = ratio.Low > 0 && !math.IsInf(float64(ratio.High), 1)
		known = fmt.Sprintf("b/a %s, p = %s", report.RatioText(ratio), stat.PText(c.AdjustedP))
	}
	if open := undecided(r); len(open) > 0 {
		known += "; undecided: " + strings.Join(open, ", ")
	}
	sayProgress("[%*d/%d] a %s  b %s  %s", len(fmt.Sprint(l.most)), n, l.most, brief(a, n), brief(b, n), known)
}

// undecided are the judgements that need more blocks.
func undecided(r *gate.Result) []string {
	var list []string
	for _, j := range r.Judgements {
		if j.Verdict == gate.Inconclusive {
			list = append(list, j.Subject)
		}
	}
	return list
}

// brief is what became of a sample of the block, or that there was none.
func brief(s record.Sample, block int) string {
	switch {
	case s.Block != block || s.Service == "":
		return "skipped"
	case s.Cold != record.Proven:
		return latency(s) + " " + string(s.Cold)
	case s.Failed() && !s.Censored():
		return outcome(s)
	}
	return latency(s)
}

// roundLogPeriod is how often a round that goes on is told of by a line.
const roundLogPeriod = 5 * time.Second

// roundLog tells how rounds go. Hundreds of samples are too many to tell one by one.
type roundLog struct {
	runLog
	mu               sync.Mutex
	round            experiment.RoundFiring
	waiting          *progress
	began            time.Time
	before           int // instances spawned before the round
	answered, failed int
	stop             func()
}

func newRoundLog() *roundLog { return &roundLog{} }

// See implements experiment.Observer.
func (l *roundLog) See(n experiment.Notice) {
	switch n := n.(type) {
	case experiment.RoundPlanned:
		l.plan(n)
	case experiment.RoundAtZero:
		l.zero(n)
	case experiment.RoundFiring:
		l.fire(n)
	case experiment.SampleTaken:
		l.count(n.Sample)
	case experiment.RoundFired:
		l.fired(n.Round)
	case experiment.RoundJudged:
		sayHeld(n)
	default:
		l.runLog.See(n)
	}
}

func (l *roundLog) plan(n experiment.RoundPlanned) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = newProgress("waiting until all services are at zero")
	note := ""
	if n.Plan.Discarded {
		note = ", discarded: warms caches"
	}
	sayStep("round %d: %s × %d, %s%s", n.Number, n.Plan.Class(), n.Plan.Services, n.Arrival, note)
}

// zero tells of services at zero, when it takes a while.
func (l *roundLog) zero(n experiment.RoundAtZero) {
	if time.Since(l.waiting.start) > time.Second {
		l.waiting.update(n.Done, n.Total)
	}
}

func (l *roundLog) fire(n experiment.RoundFiring) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.round, l.began, l.answered, l.failed = n, time.Now(), 0, 0
	l.before = n.Instances().Spawned
	period := roundLogPeriod
	if stderr.how() == progressRedrawn {
		period = redrawEvery
	}
	l.stop = every(period, func(last bool) {
		if !last {
			sayProgress("%s", l.text())
		}
	})
}

// text says how the round is going: instances that were spawned, those that are Ready, and
// the answers.
func (l *roundLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := l.round.Instances()
	return fmt.Sprintf("  %s × %d: %d instances spawned, %d Ready, %d answered, %d failed, %.1fs", l.round.Plan.Class(), l.round.Plan.Services,
		in.Spawned-l.before, in.Ready, l.answered, l.failed, time.Since(l.began).Seconds())
}

func (l *roundLog) count(s record.Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Failed() {
		l.failed++
	} else {
		l.answered++
	}
}

// fired is when each request was answered or has failed.
func (l *roundLog) fired(r experiment.Round) {
	l.stop()
	sayStep("%s", l.text())
	sayStep("  sent within %s", stat.Format(r.Skew()))
	if r.Skipped > 0 {
		sayWarning("%d services did not come back to zero and were left out", r.Skipped)
	}
}

// sayHeld tells of a round of a search.
func sayHeld(n experiment.RoundJudged) {
	if len(n.Reasons) == 0 {
		sayStep("  %s × %d held", n.Plan.Class(), n.Plan.Services)
		return
	}
	sayStep("  %s × %d did not hold: %s", n.Plan.Class(), n.Plan.Services, n.Reasons[0])
}
