package main

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/runfile"
)

// setLast takes over how many runs of a folder are taken.
func (f *gateFlags) setLast(flags flagSet, q *gate.File) error {
	switch {
	case flags.Changed("last") && len(f.baseline)+len(q.Baseline) == 0:
		return fmt.Errorf("--last is about a baseline: give --baseline too")
	case f.last < 1:
		return fmt.Errorf("--last %d: want a number of runs, 1 or more", f.last)
	case flags.Changed("last") || q.Last == 0:
		q.Last = f.last
	}
	return nil
}

// read reads the runs that are judged, and the baseline. The choice is nil unless the
// baseline is from a folder. All its errors are about the command line.
func (f *gateFlags) read(args []string, q *gate.File) (new, base []*record.Run, choice *gate.Choice, err error) {
	files, err := runfile.Find(args...)
	if err != nil {
		return nil, nil, nil, err
	}
	sets, err := runfile.ReadDistinct(files)
	if err != nil {
		return nil, nil, nil, err
	}
	new = sets[0]
	baseFiles, choice, err := f.baseFiles(new, q)
	if err != nil {
		return nil, nil, nil, err
	}
	if base, err = baseFiles.Runs(); err != nil {
		return nil, nil, nil, err
	}
	if err := runfile.Distinct(new, base); err != nil {
		return nil, nil, nil, err
	}
	if q.Regression != nil {
		sayChoice(choice, q.Last)
		saySides(len(new), len(base))
	}
	return new, base, choice, nil
}

// baseFiles are the files of the baseline.
func (f *gateFlags) baseFiles(new []*record.Run, q *gate.File) (runfile.Set, *gate.Choice, error) {
	var paths runfile.Set
	var choice *gate.Choice
	for _, argument := range q.Baseline {
		if runfile.IsFolder(argument) {
			chosen, err := f.choose(argument, new, q)
			if err != nil {
				return nil, nil, err
			}
			for _, run := range chosen.Taken {
				paths = append(paths, run.File)
			}
			if choice == nil {
				choice = &gate.Choice{Taken: []gate.ChosenRun{}, Left: []gate.ChosenRun{}}
			}
			choice.Taken, choice.Left = append(choice.Taken, chosen.Taken...), append(choice.Left, chosen.Left...)
			continue
		}
		found, err := runfile.Match(argument)
		if err != nil {
			return nil, nil, err
		}
		if len(found) == 0 {
			sayWarning("no file matches %s, so it adds nothing to the baseline", argument)
		}
		paths = append(paths, found...)
	}
	return paths, choice, nil
}

// choose takes runs from a folder, which may have files that are no runs.
func (f *gateFlags) choose(folder string, new []*record.Run, q *gate.File) (gate.Choice, error) {
	paths, err := runfile.InFolder(folder)
	if err != nil {
		return gate.Choice{}, fmt.Errorf("baseline: %w", err)
	}
	var candidates []gate.Candidate
	for _, path := range paths {
		candidates = append(candidates, candidate(path))
	}
	return gate.Choose(candidates, new, q.Last, f.conditions(q)), nil
}

// conditions are those under which a run is chosen, which are those under which it is
// judged.
func (f *gateFlags) conditions(q *gate.File) gate.Conditions {
	allowed := gate.Conditions{AllowIncomplete: q.AllowIncomplete, Expected: f.against.expected, Force: f.against.force}
	if q.Regression != nil {
		allowed.Force = allowed.Force || q.Regression.Force
		if allowed.Expected == nil {
			allowed.Expected = q.Regression.Expected
		}
	}
	return allowed
}

// candidate reads what there is to know of a run without keeping its samples.
func candidate(path string) gate.Candidate {
	run, err := record.ReadFile(path)
	if err != nil {
		return gate.Candidate{File: path, Err: err}
	}
	c := gate.Candidate{File: path, Header: run.Header, Ending: gate.Ending(run), Cells: gate.RunCells(run)}
	for i := range c.Cells {
		c.Cells[i].Starts = nil
	}
	return c
}
