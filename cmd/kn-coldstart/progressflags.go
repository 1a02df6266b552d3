package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/headway"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// progressFlags say how a run tells how far it is.
type progressFlags struct{ how string }

const progressHelp = `how the run tells on standard error how far it is:
  auto   two lines that are redrawn, on a terminal; else plain (default)
  plain  a line for each start, round, few seconds of a load or program
  json   one JSON object a line: progress each second, and messages
  none   nothing but warnings, errors and starts that failed`

func (f *progressFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.how, "progress", "auto", progressHelp)
	flags.Lookup("progress").DefValue = "" // the text says it
}

// sayObjects has all that is said be objects, if that is how progress will be told: what a
// program reads is objects from the first line on.
func sayObjects(flags *pflag.FlagSet) {
	if f := flags.Lookup("progress"); f != nil && f.Value.String() == string(progressJSON) {
		stderr.use(progressJSON)
	}
}

// use has progress be told from now on as the flag says. What goes to standard output
// while the run goes on, as its run file may, must not meet lines that are redrawn.
func (f *progressFlags) use(runFile string) error {
	switch f.how {
	case "auto":
		if voice.quiet {
			stderr.use(progressNone)
		} else if terminalWidth() > 0 && runFile != "-" {
			stderr.use(progressRedrawn)
		}
	case "plain":
		stderr.use(progressPlain)
	case string(progressJSON), string(progressNone):
		stderr.use(progressMode(f.how))
	default:
		return fmt.Errorf("unknown --progress %q: use auto, plain, json or none", f.how)
	}
	return nil
}

// follow has what the observers are told be counted, and told as the flag says, until stop
// is called.
func (f *progressFlags) follow(cmd *cobra.Command, e experiment.Experiment, observers ...experiment.Observer) (_ experiment.Observer, stop func()) {
	counts := headway.New(cmd.Name(), time.Now)
	if ab, ok := e.(*experiment.AB); ok {
		counts.Within(ab.Budget)
	}
	counted := experiment.ObserverFunc(func(n experiment.Notice) {
		counts.See(n)
		for _, o := range observers {
			o.See(n)
		}
	})
	return counted, stderr.follow(counts)
}
