package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// scenarioRun is a scenario that was read, and what the command line adds to it.
type scenarioRun struct {
	// name is the file's, as it was given, and folder where it is.
	name, folder string
	file         *scenario.File
	faults       *scenario.Faults
	results      string
	// overruling are flags of the command line that count more than what the file says, and
	// filling are those of the environment, which count less.
	overruling, filling map[string]string
	planned             []plannedExperiment
}

// plannedExperiment is one that was found to make sense.
type plannedExperiment struct {
	scenario.Experiment
	asked experiment.Experiment
	files []resultFile
}

// check has each experiment's own command check the settings, as if they had been typed.
// What is faulty already is left out: half of an experiment has faults that it would not
// have otherwise.
func (s *scenarioRun) check(ctx context.Context) {
	writers, inputs := map[string]string{}, s.inputs()
	for _, e := range s.file.Experiments {
		if e.Faulty {
			continue
		}
		p := &part{dry: true}
		s.checkExperiment(ctx, e, p)
		s.checkGate(e, p)
		for _, file := range p.files {
			if other, taken := writers[filepath.Clean(file.path)]; taken {
				s.faults.AddOf(e.Name, e.At, "%s is the %s of %s, too: give it one of its own", file.path, file.what, other)
			}
			writers[filepath.Clean(file.path)] = e.Name
			if isInput(file.path, inputs) {
				s.faults.AddOf(e.Name, e.At, "%s is to be the %s, and the scenario reads it: give the %s another name", file.path, file.what, file.what)
			}
		}
		s.planned = append(s.planned, plannedExperiment{e, p.planned, p.files})
	}
}

// inputs are the files that the scenario reads, itself among them. Files of baselines are run
// files, which nothing replaces.
func (s *scenarioRun) inputs() []string {
	list := []string{s.name}
	for _, e := range s.file.Experiments {
		for _, setting := range relativeTo(s.folder, slices.Concat(e.Settings, e.Gate), &scenario.Faults{}) {
			if setting.Flag == "hlog" || setting.Flag == "junit" {
				continue
			}
			for _, value := range setting.Values {
				if _, path, found := cutPath(setting.Flag, value.Text); found {
					list = append(list, path)
				}
			}
		}
	}
	return list
}

// isInput says that a path leads to one of the files.
func isInput(path string, inputs []string) bool {
	file, err := os.Stat(path)
	return slices.ContainsFunc(inputs, func(input string) bool {
		if filepath.Clean(input) == filepath.Clean(path) {
			return true
		}
		other, otherErr := os.Stat(input)
		return err == nil && otherErr == nil && os.SameFile(file, other)
	})
}

func (s *scenarioRun) checkExperiment(ctx context.Context, e scenario.Experiment, p *part) {
	before := s.faults.Len()
	cmd := s.command(e, p)
	if s.faults.Len() > before {
		return
	}
	if err := cmd.ExecuteContext(ctx); !errors.Is(err, errPlanned) {
		s.blame(err, e.Name, e.Settings, e.At)
	}
}

func (s *scenarioRun) checkGate(e scenario.Experiment, p *part) {
	if !e.Judged {
		return
	}
	before := s.faults.Len()
	f := &gateFlags{}
	cmd := s.gate(e, f, p)
	if s.faults.Len() > before {
		return
	}
	if err := f.check(cmd.Flags(), e.Command == "ab"); err != nil {
		s.blame(err, e.Name, e.Gate, e.GateAt)
	}
}

// command is the command of an experiment, with its flags set.
func (s *scenarioRun) command(e scenario.Experiment, p *part) *cobra.Command {
	cmd := experimentCommands[e.Command](p)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{})
	scenario.Apply(relativeTo(s.folder, e.Settings, s.faults), cmd.Flags(), s.faults)
	for name, value := range s.overruling {
		_ = cmd.Flags().Set(name, value) // it has the type of the flag of run
	}
	for name, value := range s.filling {
		if !cmd.Flags().Changed(name) {
			_ = cmd.Flags().Set(name, value)
		}
	}
	return cmd
}

// gate is the command that judges an experiment, with its flags set.
func (s *scenarioRun) gate(e scenario.Experiment, f *gateFlags, p *part) *cobra.Command {
	f.verdict.part = p
	cmd := f.command()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	scenario.Apply(relativeTo(s.folder, e.Gate, s.faults), cmd.Flags(), s.faults)
	return cmd
}

// blame adds each error that an experiment's command has found to the faults, at the setting
// that it is about, as far as that can be seen.
func (s *scenarioRun) blame(err error, name string, settings []scenario.Setting, otherwise scenario.Position) {
	for _, one := range parts(err) {
		text := one.Error()
		if hint := ksvc.Hint(one); hint != "" {
			text += ": " + hint
		}
		at := otherwise
		if found, ok := positionOf(one.Error(), settings); ok {
			at = found
		}
		s.faults.AddOf(name, at, "%s", text)
	}
}

// parts are the errors that were joined to one.
func parts(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		var all []error
		for _, one := range e.Unwrap() {
			all = append(all, parts(one)...)
		}
		return all
	case *usageError:
		return parts(e.error)
	}
	return []error{err}
}

// namedFlag is a flag in an error.
var namedFlag = regexp.MustCompile(`--([a-z][a-z-]*)`)

// positionOf is where the setting is that an error is about: that of the first flag that the
// error names and the file sets, or else that of a value that the error quotes.
func positionOf(text string, settings []scenario.Setting) (scenario.Position, bool) {
	for _, m := range namedFlag.FindAllStringSubmatch(text, -1) {
		for _, s := range settings {
			if s.Flag == m[1] {
				return valueIn(text, s), true
			}
		}
	}
	for _, s := range settings {
		for _, v := range s.Values {
			if strings.Contains(text, strconv.Quote(v.Text)) {
				return v.At, true
			}
		}
	}
	return scenario.Position{}, false
}

// valueIn is where the value is that stands in an error, or else the setting.
func valueIn(text string, s scenario.Setting) scenario.Position {
	for _, v := range s.Values {
		if v.Text != "" && strings.Contains(text, v.Text) {
			return v.At
		}
	}
	return s.At
}
