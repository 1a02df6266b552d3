package output

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// What became of an experiment of a scenario.
const (
	Completed   = "completed"
	Failed      = "failed"
	Interrupted = "interrupted"
	NotRun      = "not run"
)

// ScenarioEnd is what became of the experiments of a scenario.
type ScenarioEnd struct {
	File        string          `json:"file"`
	SHA256      string          `json:"sha256"`
	Experiments []ExperimentEnd `json:"experiments"`
	// ExitCode is the worst of the experiments'.
	ExitCode int `json:"exitCode"`
}

// ExperimentEnd is what became of one of them.
type ExperimentEnd struct {
	Name    string `json:"name"`
	Command string `json:"command"`
	Outcome string `json:"outcome"`
	// Error is why it failed, or could not be judged.
	Error    string `json:"error,omitempty"`
	ExitCode int    `json:"exitCode"`
	// RunFile is empty where none was begun.
	RunFile string `json:"runFile,omitempty"`
	// Judged are the verdicts on it: ab's own, and that of its gate.
	Judged []*gate.Result `json:"judged,omitempty"`
}

// NotRun names the experiments that were not run.
func (e ScenarioEnd) NotRun() []string {
	var names []string
	for _, one := range e.Experiments {
		if one.Outcome == NotRun {
			names = append(names, one.Name)
		}
	}
	return names
}

func (e ScenarioEnd) table() *table.Table {
	t := table.New("experiment", "command", "outcome", "verdict", " exit code", "run file")
	for _, one := range e.Experiments {
		var verdicts []string
		for _, r := range one.Judged {
			verdicts = append(verdicts, string(r.Verdict))
		}
		code := fmt.Sprint(one.ExitCode)
		if one.Outcome == NotRun {
			code = table.None
		}
		t.Row(one.Name, one.Command, one.Outcome, cmp.Or(strings.Join(verdicts, ", "), table.None), code, cmp.Or(one.RunFile, table.None))
	}
	return t
}

// Heading begins the results of an experiment, as text.
func Heading(w io.Writer, name string) { fmt.Fprintf(w, "# %s\n\n", table.Plain(name)) }

func scenarioText(w io.Writer, e ScenarioEnd) error {
	fmt.Fprintf(w, "\n# %s\n\n", table.Plain(e.File)) // the table says if it cannot be written
	return e.table().Text(w)
}

// scenarioMarkdown is the table, and below it what was said of those that were judged.
func scenarioMarkdown(w io.Writer, e ScenarioEnd) error {
	fmt.Fprintf(w, "# %s\n\n", table.EscapeMarkdown(table.Plain(e.File))) // the table says if it cannot be written
	if err := e.table().Markdown(w); err != nil {
		return err
	}
	for _, one := range e.Experiments {
		for _, r := range one.Judged {
			fmt.Fprintf(w, "\n# %s\n\n", table.EscapeMarkdown(table.Plain(one.Name)))
			if err := report.StepSummary(w, r, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// Planned is what a scenario would run.
type Planned struct {
	File        string              `json:"file"`
	SHA256      string              `json:"sha256"`
	Experiments []PlannedExperiment `json:"experiments"`
}

// PlannedExperiment is one of them, as far as it is known without a cluster. What is zero is
// not known.
type PlannedExperiment struct {
	Name    string `json:"name"`
	Command string `json:"command"`
	// RuntimeClasses has one for each side of ab.
	RuntimeClasses []string `json:"runtimeClasses,omitempty"`
	// Services are how many there are at a time at most.
	Services int `json:"services,omitempty"`
	// Rounds are those of services that are fired together.
	Rounds int `json:"rounds,omitempty"`
	// Measures says what is measured, for people.
	Measures string `json:"measures"`
	// Lasts is how long requests are sent, and AtMost when the experiment gives up. What
	// the cluster takes to bring services up and down comes on top.
	Lasts  time.Duration `json:"lastsNs,omitempty"`
	AtMost time.Duration `json:"atMostNs,omitempty"`
	// Judged says that there will be a verdict.
	Judged bool `json:"judged"`
}

func (e PlannedExperiment) lasts() string {
	switch {
	case e.Lasts > 0:
		return e.Lasts.String()
	case e.AtMost > 0:
		return "up to " + e.AtMost.String()
	}
	return "not known"
}

func planText(w io.Writer, p Planned) error {
	t := table.New("experiment", "command", "measures", "RuntimeClasses", " services", "lasts", "judged")
	for _, e := range p.Experiments {
		services, judged := "not known", "no"
		if e.Services > 0 {
			services = fmt.Sprint(e.Services)
		}
		if e.Judged {
			judged = "yes"
		}
		t.Row(e.Name, e.Command, e.Measures, cmp.Or(strings.Join(e.RuntimeClasses, ", "), table.None), services, e.lasts(), judged)
	}
	return t.Text(w)
}

func indented[T any](w io.Writer, v T) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
