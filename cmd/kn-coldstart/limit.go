package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// limitFlags are the options of a search for the largest number of services that holds, or
// for the highest rate.
type limitFlags struct {
	untilFailure bool
	stop         []string
	conditions   []gate.Threshold
}

// defaultStop ends a climb unless said otherwise.
const defaultStop = "answered<98%"

// defaultLoadStop ends the doubling of a rate unless said otherwise.
const defaultLoadStop = "p(99)>1s"

func (f *limitFlags) registerLoad(flags *pflag.FlagSet) {
	flags.BoolVar(&f.untilFailure, "until-failure", false, "double --rate until a --stop condition is met, then search for the highest rate at which none is")
	flags.StringArrayVar(&f.stop, "stop", nil, "what a rate that failed is like in the second half of its --duration, in the gate's grammar, such as 'p(99)>200ms' or 'failed>1%'; repeatable (default '"+defaultLoadStop+"')")
}

func (f *limitFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.untilFailure, "until-failure", false, "climb --services until a round meets a --stop condition, then search for the largest number that does not")
	flags.StringArrayVar(&f.stop, "stop", nil, "what a round that failed is like, in the gate's grammar, by what was seen and not by its bounds; repeatable (default '"+defaultStop+"')")
}

// validate also reads the conditions, which are about rounds.
func (f *limitFlags) validate() error {
	return f.read(defaultStop, func(t gate.Threshold) error {
		if t.OfLoad() {
			return fmt.Errorf("--stop %q: it is about a load, and a round has none", t)
		}
		if t.OfDeployments() {
			return fmt.Errorf("--stop %q: it is about deployments, and a round has none", t)
		}
		return nil
	})
}

// validateLoad also reads the conditions, which are about loads.
func (f *limitFlags) validateLoad() error {
	return f.read(defaultLoadStop, func(t gate.Threshold) error {
		if !t.ObservesLoads() {
			return fmt.Errorf("--stop %q: of a load there are p(N), med, max, failed and answered", t)
		}
		return nil
	})
}

// read reads the conditions.
func (f *limitFlags) read(standard string, check func(gate.Threshold) error) error {
	if !f.untilFailure {
		if len(f.stop) > 0 {
			return errors.New("--stop is for --until-failure")
		}
		return nil
	}
	if len(f.stop) == 0 {
		f.stop = []string{standard}
	}
	f.conditions = nil
	var errs []error
	for _, s := range f.stop {
		t, err := gate.ParseThreshold(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("--stop: %w", err))
		} else if err := check(t); err != nil {
			errs = append(errs, err)
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

// loadExperiment is the search for the highest rate of a load.
func (f *limitFlags) loadExperiment(l experiment.Load) *experiment.LoadLimit {
	return &experiment.LoadLimit{Load: l, Stop: f.stop, Failed: f.failedLoad}
}

// failedLoad are the conditions that the load met that was sent last to a service, with
// what was seen and what bounds it.
func (f *limitFlags) failedLoad(runFile string, t record.Target) ([]string, error) {
	s, err := analysis.SummariseFiles(runFile)
	if err != nil {
		return nil, err
	}
	var last *load.Load
	for i := range s.Loads {
		if s.Loads[i].Service == t.Service {
			last = &s.Loads[i]
		}
	}
	if last == nil {
		return nil, fmt.Errorf("judge the load on %s: %s has none", t.Service, runFile)
	}
	if last.Broken != "" {
		return nil, fmt.Errorf("judge the load on %s: %s", t.Service, last.Broken)
	}
	var reasons []string
	for _, c := range f.conditions {
		if met, seen := c.ObserveLoad(last); met && (c.RuntimeClass == "" || c.RuntimeClass == t.RuntimeClass) {
			reasons = append(reasons, fmt.Sprintf("%s, which is %s", seen, c))
		}
	}
	if len(reasons) > 0 {
		bound, seen := last.Bound()
		reasons = append(reasons, fmt.Sprintf("bound by the %s: %s", bound, seen))
	}
	return reasons, nil
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
