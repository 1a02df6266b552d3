package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// limitFlags are the options of a search for the largest number of services that
// holds.
type limitFlags struct {
	untilFailure bool
	stop         []string
	conditions   []gate.Threshold
}

// defaultStop ends a climb unless said otherwise.
const defaultStop = "answered<98%"

func (f *limitFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.untilFailure, "until-failure", false, "climb --services until a round meets a --stop condition, then search for the largest number that does not")
	flags.StringArrayVar(&f.stop, "stop", nil, "what a round that failed is like, in the gate's grammar, by what was seen and not by its bounds; repeatable (default '"+defaultStop+"')")
}

// validate also reads the conditions.
func (f *limitFlags) validate() error {
	if !f.untilFailure {
		if len(f.stop) > 0 {
			return errors.New("--stop is for --until-failure")
		}
		return nil
	}
	if len(f.stop) == 0 {
		f.stop = []string{defaultStop}
	}
	f.conditions = nil
	var errs []error
	for _, s := range f.stop {
		t, err := gate.ParseThreshold(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("--stop: %w", err))
		} else if t.OfLoad() {
			errs = append(errs, fmt.Errorf("--stop %q: it is about a load, and a round has none", t))
		}
		f.conditions = append(f.conditions, t)
	}
	return errors.Join(errs...)
}

// areOf makes sure that the conditions are of classes under test.
func (f *limitFlags) areOf(classes []string) error {
	for _, t := range f.conditions {
		if t.RuntimeClass != "" && !slices.Contains(classes, t.RuntimeClass) {
			return fmt.Errorf("--stop %q: class %s is not under test", t, t.RuntimeClass)
		}
	}
	return nil
}

// experiment is the search over the numbers of services of a scale.
func (f *limitFlags) experiment(s experiment.Scale) *experiment.Limit {
	return &experiment.Limit{Scale: s, Stop: f.stop, Failed: f.failed}
}

// failed are the conditions that a round met, with what was seen and why. It reads
// the run file, as everything that judges does.
func (f *limitFlags) failed(runFile string, r experiment.Round) ([]string, error) {
	s, err := analysis.SummariseFiles(runFile)
	if err != nil {
		return nil, err
	}
	cell := cellOf(s, r.Key)
	if cell == nil {
		return []string{fmt.Sprintf("none of %d was at zero to be sent a request", r.Services)}, nil
	}
	var reasons []string
	for _, t := range f.conditions {
		if met, seen := t.Observe(cell); t.Selects(cell.Key) && met {
			reasons = append(reasons, fmt.Sprintf("%s, which is %s", seen, t))
		}
	}
	if len(reasons) == 0 {
		return nil, nil
	}
	for _, short := range cell.Shortfalls {
		for _, o := range short.Observations() {
			reasons = append(reasons, o.String())
		}
	}
	return reasons, nil
}

func cellOf(s *analysis.Summary, k record.Key) *analysis.Cell {
	for i := range s.Cells {
		if s.Cells[i].Key == k {
			return &s.Cells[i]
		}
	}
	return nil
}
