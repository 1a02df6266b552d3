package main

import (
	"errors"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// part is an experiment of a scenario: what the command that runs it takes from there, and
// what it leaves there. A command that somebody has typed has none, which is nil.
type part struct {
	// dry says that the command checks its flags and ends with errPlanned. Then it changes
	// nothing, and asks no cluster.
	dry bool
	// out takes what the command prints.
	out io.Writer
	// results is the folder of the run file, and scenario what stands in it.
	results  string
	scenario *record.Scenario

	// planned is the experiment that the flags ask for, and files are those that it will
	// write besides its run file.
	planned experiment.Experiment
	files   []resultFile
	// runFile is that of the run, empty where none was begun, and verdicts are what was said
	// of it.
	runFile  string
	verdicts []*gate.Result
}

// resultFile is a file that an experiment writes, and what it is.
type resultFile struct{ path, what string }

// errPlanned ends a command that was only to check its flags.
var errPlanned = errors.New("the experiment was checked, and is not run")

// plan takes the experiment, and says whether that is all.
func (p *part) plan(e experiment.Experiment) bool {
	if p.isDry() {
		p.planned = e
	}
	return p.isDry()
}

func (p *part) isDry() bool { return p != nil && p.dry }

// mark has the run file say that it is of a scenario, and where it goes.
func (p *part) mark(s *experiment.Setup) {
	if p != nil {
		s.Results, s.Scenario = p.results, p.scenario
	}
}

// measured takes where the record of the run is.
func (p *part) measured(r experiment.Result) {
	if p != nil {
		p.runFile = r.RunFile
	}
}

// judged takes a verdict.
func (p *part) judged(r *gate.Result) {
	if p != nil {
		p.verdicts = append(p.verdicts, r)
	}
}

// stdout is where the command prints its results.
func (p *part) stdout() io.Writer {
	if p == nil {
		return paintedOutput()
	}
	return p.out
}

// prepare makes sure that a file can be written. A part that is dry leaves what is there.
func (p *part) prepare(path, what string, inputs ...string) error {
	if !p.isDry() {
		return output.Prepare(path, what, inputs...)
	}
	if path != "" {
		p.files = append(p.files, resultFile{path, what})
	}
	return output.Check(path, what, inputs...)
}
