package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// outputFlags say what a run prints at its end, all of it read from its file.
type outputFlags struct {
	format   string
	phases   bool
	timeline bool
	hlog     string
}

func (f *outputFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.format, "output", "o", "text", "text or json")
	flags.BoolVar(&f.phases, "phases", false, "also print the tables of phases and of Knative's spans")
	flags.BoolVar(&f.timeline, "timeline", false, "also draw the phases as a timeline")
	flags.StringVar(&f.hlog, "hlog", "", "file for an HDR histogram log, one histogram per class")
}

func (f *outputFlags) validate(runFile string) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("unknown --output %q: use text or json", f.format)
	}
	if runFile == "-" && f.format == "json" {
		return errors.New("--run-file - and --output json would both write to standard output")
	}
	return nil
}

// print shows what the run file says. A run that went to standard output has
// been shown.
func (f *outputFlags) print(runFile string) error {
	if runFile == "-" {
		return nil
	}
	run, err := record.ReadFile(runFile)
	if err != nil {
		return err
	}
	summary := analysis.Summarise(run)
	if f.format == "json" {
		err = report.JSON(os.Stdout, summary)
	} else {
		err = f.text(summary)
	}
	if err == nil && f.hlog != "" {
		err = writeHlog(f.hlog, run)
	}
	sayFiles(runFile, f.hlog)
	return err
}

func (f *outputFlags) text(s *analysis.Summary) error {
	err := report.Text(os.Stdout, s)
	if err == nil && f.phases {
		err = errors.Join(report.Phases(os.Stdout, s), report.Spans(os.Stdout, s))
	}
	if err == nil && f.timeline {
		err = report.Timeline(os.Stdout, s)
	}
	return err
}

func writeHlog(path string, runs ...*record.Run) error {
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write histogram log: %w", err)
	}
	return errors.Join(report.HDRLog(out, runs...), out.Close())
}
