package main

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// pretend has single measure nothing: it leaves a run file that is kept, and ends as the
// experiment's name is listed.
func pretend(t *testing.T, runFile string, endings map[string]error) {
	before := experimentCommands["single"]
	t.Cleanup(func() { experimentCommands["single"] = before })
	experimentCommands["single"] = func(p *part) *cobra.Command {
		return &cobra.Command{RunE: func(*cobra.Command, []string) error {
			p.measured(experiment.Result{RunFile: runFile})
			return endings[p.scenario.Experiment]
		}}
	}
}

func TestScenarioGoesOnOrFailsFast(t *testing.T) {
	runs, err := filepath.Glob("../../analysis/testdata/*.jsonl")
	if err != nil || len(runs) == 0 {
		t.Fatalf("no runs are kept: %v", err)
	}
	pretend(t, runs[0], map[string]error{"broken": errors.New("no cluster"), "typed": usage(errors.New("no sense")), "ab": codeOf(gate.ExitInvalid)})
	judged := scenario.Experiment{Name: "slow", Command: "single", Judged: true, Gate: []scenario.Setting{{Flag: "slo", Values: []scenario.Value{{Text: "max<1ns"}}}}}
	one := func(name string) plannedExperiment {
		return plannedExperiment{Experiment: scenario.Experiment{Name: name, Command: "single"}}
	}
	for name, c := range map[string]struct {
		chosen   []plannedExperiment
		failFast bool
		want     []string
		code     int
	}{
		"all good":       {[]plannedExperiment{one("a"), one("b")}, true, []string{output.Completed, output.Completed}, exitOK},
		"one fails":      {[]plannedExperiment{one("broken"), one("b")}, false, []string{output.Failed, output.Completed}, exitFailed},
		"fails fast":     {[]plannedExperiment{one("broken"), one("b")}, true, []string{output.Failed, output.NotRun}, exitFailed},
		"makes no sense": {[]plannedExperiment{one("typed"), one("ab")}, false, []string{output.Failed, output.Completed}, exitUsage},
		"own verdict":    {[]plannedExperiment{one("ab"), one("b")}, true, []string{output.Completed, output.NotRun}, gate.ExitInvalid},
		"is judged":      {[]plannedExperiment{{Experiment: judged}, one("broken")}, false, []string{output.Completed, output.Failed}, gate.ExitFail},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scenarioRun{name: "x.yaml", file: &scenario.File{FailFast: c.failFast}, faults: &scenario.Faults{}}
			end := s.run(t.Context(), c.chosen, false)
			var got []string
			for _, e := range end.Experiments {
				got = append(got, e.Outcome)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || end.ExitCode != c.code {
				t.Errorf("exit code %d, want %d (-want +got):\n%s", end.ExitCode, c.code, diff)
			}
		})
	}
}

// After Ctrl-C nothing more is run, and what was interrupted is not judged.
func TestScenarioEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	pretend(t, "", nil)
	inner := experimentCommands["single"]
	experimentCommands["single"] = func(p *part) *cobra.Command { cancel(); return inner(p) }
	e := plannedExperiment{Experiment: scenario.Experiment{Name: "a", Command: "single", Judged: true}}
	s := &scenarioRun{name: "dir/x.yaml", file: &scenario.File{SHA256: "5"}, faults: &scenario.Faults{}}
	end := s.run(ctx, []plannedExperiment{e, e}, false)
	want := []output.ExperimentEnd{
		{Name: "a", Command: "single", Outcome: output.Interrupted, ExitCode: exitInterrupted},
		{Name: "a", Command: "single", Outcome: output.NotRun},
	}
	if diff := cmp.Diff(want, end.Experiments); diff != "" || end.ExitCode != exitInterrupted {
		t.Errorf("exit code %d (-want +got):\n%s", end.ExitCode, diff)
	}
}

// What is of a scenario says so, and a command that was typed does not.
func TestPart(t *testing.T) {
	var setup experiment.Setup
	var none *part
	none.mark(&setup)
	if setup.Scenario != nil || none.plan(nil) || none.isDry() {
		t.Errorf("setup %+v", setup)
	}
	p := &part{dry: true, results: "r", scenario: &record.Scenario{Experiment: "x"}}
	p.mark(&setup)
	if setup.Results != "r" || setup.Scenario.Experiment != "x" || !p.plan(&experiment.Single{Iterations: 3}) {
		t.Errorf("setup %+v", setup)
	}
}
