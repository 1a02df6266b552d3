// Package scenario reads scenario files: several experiments with shared settings and
// gates, for people who keep their benchmarks in git.
//
//	version: 1
//	defaults: {image: registry.example/fn:v1, runtimeClass: [runc, gvisor]}
//	experiments:
//	  - name: first start
//	    single: {iterations: 30}
//	    gate: {slo: p(95)<2s}
//
// Every setting is a flag of the command that runs the experiment, and of gate below gate.
// Its key is the flag's name in camel case, because the glossary and the run file write
// names so: clientTimeout is --client-timeout. So there is no list of settings here: the
// flags are the grammar, and say what a value means.
//
// Reading is strict, and goes on after a fault, so that all of them are told at once.
package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/spf13/pflag"
)

// Version is that of the format.
const Version = 1

// Gate is the key of what an experiment is judged by, and the name of the command that
// judges.
const Gate = "gate"

// Grammar is what may stand in a file: the flags of each command that is an experiment, by
// its name, and those of gate.
type Grammar map[string]*pflag.FlagSet

// Refused are flags that have no place in a file, and why.
var Refused = map[string]string{
	"run-file":             "each experiment writes a run file of its own, into the folder of 'kn-coldstart run --results'",
	"output":               "say -o to 'kn-coldstart run'",
	"help":                 "it is for the command line",
	"progress":             "say --progress to 'kn-coldstart run'",
	"live":                 "a scenario is not watched in a browser; run the experiment by itself for that",
	"in-cluster":           "a scenario is run from here; run the experiment by itself for that",
	"tool-image":           "it is for --in-cluster",
	"tool-service-account": "it is for --in-cluster",
	"tool-node-selector":   "it is for --in-cluster",
	"metric-label":         "metrics are made of run files: say it to 'kn-coldstart report' or 'kn-coldstart gate'",
	"calibrate":            "a scenario judges; calibrate by hand",
	"worse":                "it is for --calibrate",
	"power":                "it is for --calibrate",
}

// Position is a place in a file, counted from 1. Of a fault of YAML's syntax the column is
// not known, and zero.
type Position struct{ Line, Column int }

// File is what a scenario file says.
type File struct {
	// SHA256 is that of its bytes, in hexadecimal digits.
	SHA256 string
	// FailFast says that nothing more is run after an experiment that went wrong.
	FailFast    bool
	Experiments []Experiment
}

// Experiment is one of those that a file lists.
type Experiment struct {
	Name string
	// Command is that which runs it, such as single.
	Command string
	// Settings are the flags of the command: those of the file's defaults that it has, and
	// its own.
	Settings []Setting
	// Judged says that there is a gate, and Gate is what it is asked.
	Judged bool
	Gate   []Setting
	// At is the command's key, and GateAt that of the gate.
	At, GateAt Position
	// Faulty says that a fault was found in it, or in the defaults.
	Faulty bool
}

// Setting is a flag and the values that it is given, one after the other. At is its key.
type Setting struct {
	Flag   string
	Values []Value
	At     Position
}

// Value is the value of a flag, as it would be written on the command line.
type Value struct {
	Text string
	At   Position
}

// Apply gives the flags their values. What a flag does not take is a fault.
func Apply(settings []Setting, flags *pflag.FlagSet, faults *Faults) {
	for _, s := range settings {
		for _, value := range s.Values {
			if err := flags.Set(s.Flag, value.Text); err != nil {
				faults.Add(value.At, "%v", err)
			}
		}
	}
}

// Parse reads a file. It adds all that is wrong with it to the faults, and returns what
// could be understood.
func Parse(data []byte, g Grammar, faults *Faults) *File {
	r := &reader{grammar: g, faults: faults}
	sum := sha256.Sum256(data)
	f := &File{SHA256: hex.EncodeToString(sum[:])}
	if root := r.document(data); root != nil {
		r.file(root, f)
	}
	return f
}

// Commands are the names of the experiments that there are, in the order of the alphabet.
func (g Grammar) Commands() []string {
	var names []string
	for name := range g {
		if name != Gate {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
