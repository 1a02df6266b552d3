package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
)

// worstFirst orders exit codes: that something is shown to be too slow stands, whatever else
// could not be run or judged.
var worstFirst = []int{exitInterrupted, gate.ExitFail, exitUsage, exitFailed, gate.ExitInvalid, gate.ExitInconclusive, exitOK}

func worst(a, b int) int {
	if slices.Index(worstFirst, a) <= slices.Index(worstFirst, b) {
		return a
	}
	return b
}

// run runs experiments, one after the other. aloud says that each prints its results.
func (s *scenarioRun) run(ctx context.Context, chosen []plannedExperiment, aloud bool) output.ScenarioEnd {
	end := output.ScenarioEnd{File: s.name, SHA256: s.file.SHA256}
	for i, e := range chosen {
		one := output.ExperimentEnd{Name: e.Name, Command: e.Command, Outcome: output.NotRun}
		if ctx.Err() == nil && (end.ExitCode == exitOK || !s.file.FailFast) {
			sayExperiment(e.Name, e.Command, i+1, len(chosen))
			one = s.runOne(ctx, e, aloud)
		}
		end.Experiments = append(end.Experiments, one)
		end.ExitCode = worst(end.ExitCode, one.ExitCode)
	}
	if ctx.Err() != nil && len(end.NotRun()) > 0 {
		end.ExitCode = exitInterrupted
	}
	sayNotRun(end.NotRun(), ctx.Err() != nil)
	return end
}

// runOne runs an experiment, and judges it if it is to be.
func (s *scenarioRun) runOne(ctx context.Context, e plannedExperiment, aloud bool) output.ExperimentEnd {
	p := &part{out: io.Discard, results: s.results, scenario: &record.Scenario{
		File: filepath.Base(s.name), SHA256: s.file.SHA256, Experiment: e.Name,
	}}
	if aloud {
		p.out = paintedOutput()
		output.Heading(p.out, e.Name)
	}
	err := s.command(e.Experiment, p).ExecuteContext(ctx)
	if err != nil {
		printError(err, ownName+" "+e.Command)
	}
	end := output.ExperimentEnd{Name: e.Name, Command: e.Command, RunFile: p.runFile, ExitCode: exitCode(ctx, err)}
	var verdict *verdictError
	switch {
	case ctx.Err() != nil:
		end.Outcome, end.ExitCode = output.Interrupted, exitInterrupted
	case err != nil && !errors.As(err, &verdict):
		end.Outcome, end.Error = output.Failed, err.Error()
	default:
		end.Outcome = output.Completed
	}
	if end.Outcome == output.Completed && e.Judged {
		end.ExitCode = worst(end.ExitCode, s.judge(ctx, e, p, &end))
	}
	end.Judged = p.verdicts
	return end
}

// judge asks the gate about the run file, as 'kn-coldstart gate' does, and returns its exit
// code.
func (s *scenarioRun) judge(ctx context.Context, e plannedExperiment, p *part, end *output.ExperimentEnd) int {
	cmd := s.gate(e.Experiment, &gateFlags{}, p)
	cmd.SetArgs([]string{"--", p.runFile})
	err := cmd.ExecuteContext(ctx)
	var verdict *verdictError
	if err != nil && !errors.As(err, &verdict) {
		end.Error = err.Error()
		printError(err, ownName+" "+scenario.Gate)
	}
	return exitCode(ctx, err)
}
