package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// This file writes for people. Its rules: results go to standard output and everything
// else to standard error. An error is one line that says what was attempted and why it
// failed, followed by a hint that says what to do. Whatever takes more than two seconds
// says how far it has come. There is colour only on a terminal that is not dumb, and
// none if NO_COLOR is set, unless --color says otherwise. Results are drawn by the
// formats in package output; ui_run.go tells how a run goes, and ui_screen.go knows what
// of it is on the terminal.

// say writes a line, or several where an error has several parts, to standard error. With
// --quiet it is left out, as is all but results, errors and the hints for them.
func say(format string, args ...any) {
	if !voice.quiet {
		sayMarked("", "", format, args...)
	}
}

// sayMarked is say with a mark before the text, in a colour where there is colour.
func sayMarked(colour, mark, format string, args ...any) {
	text := harmless(mark + fmt.Sprintf(format, args...))
	stderr.line(colour, mark, strings.TrimPrefix(text, mark))
}

// stderr is standard error, and writeStderr the only way to it.
var stderr screen

// writeStderr does not fail: there is nobody to tell.
func writeStderr(text string) { fmt.Fprint(os.Stderr, text) }

// annotations is where GitHub's annotations go. It is not standard output, so that a result
// there can be piped to another program. With --progress json they go nowhere: a program that
// reads objects cannot read them, and the verdict is in the result and in the step's summary.
func (s *screen) annotations() io.Writer {
	if s.how() == progressJSON {
		return io.Discard
	}
	return os.Stderr
}

// joinStreams makes standard error the standard output, in the pod of a run. A log has the
// lines of both, and the kubelet cuts long ones into parts: those of two streams could come
// between one another.
func joinStreams() { os.Stderr = os.Stdout }

// terminalWidth is how many columns standard error has, zero where it is no terminal that
// can be drawn on.
func terminalWidth() int {
	if os.Getenv("TERM") == "dumb" {
		return 0
	}
	width, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// harmless is a text of which no control character steers a terminal, and no line is a
// build service's command. What clusters, functions and files say comes from others, and
// all of it passes here: say and logged are the only ways to standard error. Whatever
// has several lines stands out, so that it cannot pass for lines of this program.
func harmless(text string) string {
	return strings.ReplaceAll(table.Lines(strings.TrimRight(text, "\n")), "\n", "\n  ")
}

// logged takes what the libraries of Go log, such as an HTTP server's complaint about a
// request.
type logged struct{}

func (logged) Write(text []byte) (int, error) {
	say("%s", text)
	return len(text), nil
}

func sayWarning(format string, args ...any) {
	if !voice.quiet {
		sayMarked(yellow, "warning: ", format, args...)
	}
}

// sayStep says what comes next, or what has come of a part of a run.
func sayStep(format string, args ...any) {
	if stderr.how() != progressNone {
		say(format, args...)
	}
}

// sayProgress says how far something is. On a terminal the next one takes its place, and
// for machines other lines say it.
func sayProgress(format string, args ...any) {
	switch stderr.how() {
	case progressPlain:
		say(format, args...)
	case progressRedrawn:
		stderr.latest(harmless(fmt.Sprintf(format, args...)))
	}
}

// sayChecking comes before the first contact with a cluster, so that an API server that
// does not answer is not waited for in silence.
func sayChecking(server string) { sayStep("checking the cluster at %s", server) }

// measuring says that a run is under way.
var measuring atomic.Bool

func sayInterrupted() {
	what := "ending in good order; interrupt again to leave at once"
	if measuring.Load() {
		what = "no more requests are sent, the run file is completed, and what was created is removed;\n" +
			"interrupt again to leave at once: then 'kn-coldstart clean' has to remove what is left"
	}
	sayMarked("", "", "stopping: %s", what)
}

const (
	red    = "31"
	yellow = "33"
)

// paint colours text on a terminal.
func paint(colour, text string) string {
	if text == "" || !voice.colour.on(os.Stderr) {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// printError says what went wrong in the command and what to do about it.
func printError(err error, command string) {
	var told *nodeError
	var judged *verdictError
	if errors.As(err, &told) || errors.As(err, &judged) || errors.Is(err, syscall.EPIPE) && brokenOutput() {
		return // the last is what `| head` does to the rest of a report
	}
	text := err.Error()
	if errors.Is(err, context.Canceled) && text == context.Canceled.Error() { // nothing but a signal cancels a whole command
		text = "interrupted"
	}
	sayMarked(red, "error: ", "%s", text)
	var bad *usageError
	hint := ksvc.Hint(err)
	if hint == "" && errors.As(err, &bad) {
		hint = "see '" + command + " --help'"
	}
	if hint != "" {
		sayMarked("", "", "hint: %s", hint)
	}
}

// sayMissing warns about something that the command itself can do without.
func sayMissing(err error) {
	sayWarning("%v", err)
	if hint := ksvc.Hint(err); hint != "" {
		say("hint: %s", hint)
	}
}

// sayCheck tells of a check that found something to know before the numbers.
func sayCheck(c record.Check) {
	if c.Verdict != record.CheckWarn {
		return
	}
	sayWarning("%s: %s", c.Name, c.Message)
	if c.Hint != "" {
		say("  hint: %s", c.Hint)
	}
}

func printVersion(t record.Tool) {
	fmt.Println(ownName + " " + versionText(t))
}

func versionText(t record.Tool) string { return strings.TrimSpace(t.Version + " " + t.Commit) }

// saySides shows how many runs are on each side, because the shell may have expanded a
// pattern that was meant for the baseline.
func saySides(new, base int) {
	say("judging %s against a baseline of %s", runs(new), runs(base))
}

// sayChoice says which runs of a folder became the baseline, and why others did not.
func sayChoice(c *gate.Choice, last int) {
	if c == nil {
		return
	}
	for _, r := range c.Taken {
		say("baseline: %s (run %s)", r.File, r.RunID)
	}
	older, others := c.Older()
	for _, r := range others {
		say("not in the baseline: %s: %s", r.File, r.Reason)
	}
	if older > 0 {
		say("not in the baseline: %s older than the last %d", runs(older), last)
	}
}

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// sayVerdict says what to do about a verdict that decides nothing, and says so if the
// exit code is not that of the verdict.
func sayVerdict(r *gate.Result, inconclusive gate.Verdict) {
	switch differing := r.Mismatches(); {
	case r.Verdict == gate.Inconclusive && inconclusive != "":
		say("inconclusive counts as %s here: exit code %d", inconclusive, inconclusive.ExitCode())
	case r.Verdict == gate.Inconclusive && r.Judgements[0].Kind == gate.AB:
		say("hint: give ab more time with --max-blocks and --budget, or raise --tolerance; --inconclusive sets what this counts as")
	case r.Verdict == gate.Inconclusive:
		say("hint: measure more runs or samples ('kn-coldstart gate --calibrate' says how many); --inconclusive sets what this counts as")
	case r.Verdict == gate.Invalid && len(differing) > 0:
		say("hint: use --expected %s if that is what you test, or --force to judge in spite of it", strings.Join(differing, ","))
	case r.Verdict == gate.Invalid:
		say("hint: 'kn-coldstart report' shows what became of the samples; then measure again")
	}
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
	sayProgress("%s: %d of %d, %.1fs", p.what, done, total, time.Since(p.start).Seconds())
}
