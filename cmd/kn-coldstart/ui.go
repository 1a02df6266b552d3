package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// This file holds all text for people. Its rules: results go to standard output,
// all else to standard error; an error is one line of what was attempted and why
// it failed, then a hint of what to do; whatever takes over two seconds says how
// far it is; colour only on a terminal, and not where NO_COLOR is set.

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

func sayStep(format string, args ...any)    { say(format, args...) }
func sayWarning(format string, args ...any) { say(paint(yellow, "warning: ")+format, args...) }

func sayInterrupted() {
	say("interrupted: ending in order; again to exit now")
}

const (
	red    = "31"
	yellow = "33"
)

// paint colours text on a terminal.
func paint(colour, text string) string {
	info, err := os.Stderr.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("NO_COLOR") != "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// printError says what went wrong in the command and what to do about it.
func printError(err error, command string) {
	var told *nodeError
	var judged *verdictError
	if errors.As(err, &told) || errors.As(err, &judged) {
		return
	}
	say("%s%v", paint(red, "error: "), err)
	var bad *usageError
	hint := ksvc.Hint(err)
	if hint == "" && errors.As(err, &bad) {
		hint = "see '" + command + " --help'"
	}
	if hint != "" {
		say("hint: %s", hint)
	}
}

func printWarnings(checks []ksvc.Check) {
	for _, c := range checks {
		if c.Verdict == ksvc.Warn {
			sayWarning("%s: %s", c.Name, c.Message)
			if c.Hint != "" {
				say("  hint: %s", c.Hint)
			}
		}
	}
}

func printChecks(checks []ksvc.Check) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tVERDICT\tFOUND")
	for _, c := range checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Name, c.Verdict, c.Message)
		if c.Hint != "" {
			fmt.Fprintf(w, "\t\t  hint: %s\n", c.Hint)
		}
	}
	return w.Flush()
}

func printVersion(t record.Tool) {
	fmt.Println(strings.TrimSpace("kn-coldstart " + t.Version + " " + t.Commit))
}

func printCleaned(gone ksvc.Deleted, restored bool) {
	fmt.Printf("removed %d services and %d pods\n", gone.Services, gone.Pods)
	if restored {
		fmt.Println("restored Knative's settings")
	}
}

// saySides lets the reader see which files the shell made of the arguments.
func saySides(new, base int) {
	say("judging %s against a baseline of %s", runs(new), runs(base))
}

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// sayVerdict says what to do about an answer other than yes, and where its exit
// code is not that of the verdict.
func sayVerdict(r *gate.Result, inconclusive gate.Verdict) {
	switch differing := r.Mismatches(); {
	case r.Verdict == gate.Inconclusive && inconclusive != "":
		say("inconclusive counts as %s here: exit code %d", inconclusive, inconclusive.ExitCode())
	case r.Verdict == gate.Inconclusive && r.Judgements[0].Kind == gate.AB:
		say("hint: raise what ab may take, --max-blocks and --budget, or the --tolerance; --inconclusive says what this counts as")
	case r.Verdict == gate.Inconclusive:
		say("hint: measure more runs or samples: 'kn-coldstart gate --calibrate' says how many; --inconclusive says what this counts as")
	case r.Verdict == gate.Invalid && len(differing) > 0:
		say("hint: --expected %s if that is what is under test; --force judges all the same", strings.Join(differing, ","))
	case r.Verdict == gate.Invalid:
		say("hint: 'kn-coldstart report' shows what became of the samples; measure again")
	}
}

func sayRound(i int, c loadgen.Cell, arrival string) {
	note := ""
	if c.Discarded {
		note = ", discarded: warms caches"
	}
	say("round %d: %s × %d, %s%s", i, c.RuntimeClass, c.Services, arrival, note)
}

func sayRoundState(c loadgen.Cell, answered, failed int, in ksvc.Instances, since time.Duration) {
	say("  %s × %d: %d answered, %d failed, %d instances alive, %d Ready, %.1fs",
		c.RuntimeClass, c.Services, answered, failed, in.Alive, in.Ready, since.Seconds())
}

func sayFired(skew time.Duration, skipped int) {
	say("  sent within %s", stat.Format(skew))
	if skipped > 0 {
		sayWarning("%d services did not come back to zero and were left out", skipped)
	}
}

// sayHeld tells of a round of a search.
func sayHeld(c loadgen.Cell, reasons []string) {
	if len(reasons) == 0 {
		say("  %s × %d held", c.RuntimeClass, c.Services)
		return
	}
	say("  %s × %d did not hold: %s", c.RuntimeClass, c.Services, reasons[0])
}

func sayCost(during, all time.Duration, requests float64) {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	say("own cost: %.1f ms of CPU during a cold start, %.1f ms per sample in all, %.1f API requests per sample", ms(during), ms(all), requests)
}

func sayWatching(share float64, memory int64, requests float64) {
	say("own cost: %.1f %% of one core, %d MiB of memory at most, %.1f API requests per service", 100*share, memory>>20, requests)
}

func sayFiles(runFile, hlog string) {
	say("run file: %s", runFile)
	if hlog != "" {
		say("histogram log: %s", hlog)
	}
}

// progress prints how far something is, once a second at most, and its end.
type progress struct {
	what  string
	mu    sync.Mutex
	start time.Time
	last  time.Time
}

func newProgress(what string) *progress { return &progress{what: what, start: time.Now()} }

func (p *progress) update(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done < total && time.Since(p.last) < time.Second {
		return
	}
	p.last = time.Now()
	say("%s: %d of %d, %.1fs", p.what, done, total, time.Since(p.start).Seconds())
}

// sampleLog prints a line per trial.
type sampleLog struct{ start time.Time }

func newSampleLog() *sampleLog { return &sampleLog{time.Now()} }

func (l *sampleLog) print(done, total int, s record.Sample) {
	note := "cold"
	switch {
	case s.Discarded:
		note = "discarded: warms caches"
	case s.Cold != record.Proven:
		note = string(s.Cold) + ": " + s.ColdReason
	}
	say("[%*d/%d] %-10s %8s  %s  %s", len(fmt.Sprint(total)), done, total, s.RuntimeClass, latency(s), outcome(s), note)
}

func latency(s record.Sample) string {
	text := fmt.Sprintf("%.3fs", s.ResponseLatency.Seconds())
	if s.Censored() {
		return ">" + text
	}
	return text
}

func outcome(s record.Sample) string {
	switch {
	case s.Outcome == record.HTTP:
		return fmt.Sprintf("http %d", s.Status)
	case s.Error != "":
		return string(s.Outcome) + " (" + s.Error + ")"
	}
	return string(s.Outcome)
}

// blockLog prints a line per block: what both sides took, what is known until
// then, and what is missing.
type blockLog struct {
	discarded, most int
	warming         *progress
	latest          map[string]record.Sample // by variant
}

func newBlockLog(discarded, most int) *blockLog {
	return &blockLog{discarded: discarded, most: most, warming: newProgress("warming caches"), latest: map[string]record.Sample{}}
}

func (l *blockLog) sample(done int, s record.Sample) {
	if s.Discarded {
		l.warming.update(done, l.discarded)
	}
	l.latest[s.Variant] = s
}

func (l *blockLog) block(r *gate.Result) {
	a, b := l.latest[record.VariantA], l.latest[record.VariantB]
	j, n := r.Judgements[0], max(a.Block, b.Block)
	known := j.Reason
	if c := j.Change; c != nil {
		ratio := c.Ratio
		ratio.Interval = ratio.Low > 0 && !math.IsInf(float64(ratio.High), 1)
		known = fmt.Sprintf("b/a %s, p = %s", report.RatioText(ratio), stat.PText(c.AdjustedP))
		if j.Verdict == gate.Inconclusive {
			known += "; " + c.Undecided()
		}
	}
	say("[%*d/%d] a %s  b %s  %s", len(fmt.Sprint(l.most)), n, l.most, brief(a, n), brief(b, n), known)
}

// brief is what became of a sample of the block; none is one that was left out.
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
