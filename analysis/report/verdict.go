package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// Verdict writes what a gate says as people read it: the warnings, each judgement with
// its reason and its power, and the verdict last, because a log is read from its end.
func Verdict(w io.Writer, r *gate.Result) error {
	p := printer{w: w}
	for _, warning := range r.Warnings {
		p.line("warning: %s", warning)
	}
	if len(r.Warnings) > 0 {
		p.line("")
	}
	for _, j := range r.Judgements {
		p.raw(p.painted(j.Verdict, fmt.Sprintf("%-12s", j.Verdict)) + table.Line("  "+judgementName(j)))
		p.line("              %s", j.Reason)
		if j.Power != nil {
			p.line("              power: %s", j.Power.Text)
		}
		if j.Notice != "" {
			p.line("              notice: %s", j.Notice)
		}
	}
	p.line("")
	p.raw("verdict: " + p.painted(r.Verdict, verdictLine(r)))
	return p.err
}

// judgementName is the cell and the question about it.
func judgementName(j gate.Judgement) string {
	name := cellName(j.Key) + " " + j.Subject
	switch j.Kind {
	case gate.Regression:
		name += " against the baseline"
	case gate.AB:
		name += " against " + record.VariantA
	}
	return name
}

// verdictLine is the verdict, with how many judgements there are of each verdict.
func verdictLine(r *gate.Result) string {
	var counts []string
	for _, v := range []gate.Verdict{gate.Fail, gate.Invalid, gate.Inconclusive, gate.Pass} {
		if n := r.Count(v); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return fmt.Sprintf("%s (%s)", r.Verdict, strings.Join(counts, ", "))
}

// VerdictJSON writes what a gate says as one indented object, with the exit code that
// belongs to it. For inconclusive, see gate.Result.ExitCode.
func VerdictJSON(w io.Writer, r *gate.Result, inconclusive gate.Verdict) error {
	return writeJSON(w, struct {
		*gate.Result
		ExitCode int `json:"exitCode"`
	}{r, r.ExitCode(inconclusive)})
}

// summaryLimit is how many bytes of a step's summary GitHub takes.
const summaryLimit = 1024 << 10

// StepSummary writes what a gate says, and the summary of the runs unless it is nil, in
// GitHub's dialect. To stay below the size that GitHub takes, it leaves out judgements,
// those that pass first, and says how many.
func StepSummary(w io.Writer, r *gate.Result, s *analysis.Summary) error {
	limit := summaryLimit
	runs := &strings.Builder{}
	if s != nil {
		if err := Markdown(runs, s); err != nil {
			return err
		}
	}
	if runs.Len() > limit/2 {
		runs.Reset()
		runs.WriteString("The runs have too many cells to be shown here.\n")
	}
	text := stepSummary(r, limit-runs.Len()-1)
	if runs.Len() > 0 {
		text += "\n" + runs.String()
	}
	_, err := io.WriteString(w, text)
	return err
}

func stepSummary(r *gate.Result, limit int) string {
	head := fmt.Sprintf("## Cold starts: %s\n\n", table.EscapeMarkdown(verdictLine(r)))
	for _, warning := range r.Warnings {
		head += "- **warning:** " + table.EscapeMarkdown(table.Plain(warning.String())) + "\n"
	}
	t := table.New("verdict", "what", "reason", "power")
	for _, v := range []gate.Verdict{gate.Fail, gate.Invalid, gate.Inconclusive, gate.Pass} {
		for _, j := range r.Judgements {
			if j.Verdict == v {
				t.Row(string(v), judgementName(j), strings.TrimSuffix(j.Reason+"; "+j.Notice, "; "), powerText(j))
			}
		}
	}
	const note = 80 // bytes for the line about what was left out
	body, all := &strings.Builder{}, len(t.Rows)
	for {
		body.Reset()
		_ = t.Markdown(body) // a Builder takes everything
		if len(t.Rows) == 0 || len(head)+body.Len()+note <= limit {
			break
		}
		t.Rows = t.Rows[:len(t.Rows)/2]
	}
	text := head + "\n" + body.String()
	if left := all - len(t.Rows); left > 0 {
		text += fmt.Sprintf("\n%d of %d judgements are left out.\n", left, all)
	}
	return strings.ToValidUTF8(text[:min(len(text), limit)], "")
}

func powerText(j gate.Judgement) string {
	if j.Power == nil {
		return table.None
	}
	return j.Power.Text
}
