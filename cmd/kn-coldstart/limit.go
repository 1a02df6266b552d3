package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// limitFlags are the options of a search for the largest number of services that
// holds.
type limitFlags struct {
	UntilFailure bool     `json:"untilFailure,omitempty"`
	Stop         []string `json:"stop,omitempty"`

	conditions []gate.Threshold
}

// defaultStop ends a climb unless said otherwise.
const defaultStop = "answered<98%"

func (f *limitFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.UntilFailure, "until-failure", false, "climb --services until a round meets a --stop condition, then search for the largest number that does not")
	flags.StringArrayVar(&f.Stop, "stop", nil, "what a round that failed is like, in the gate's grammar, by what was seen and not by its bounds; repeatable (default '"+defaultStop+"')")
}

// validate also reads the conditions.
func (f *limitFlags) validate() error {
	if !f.UntilFailure {
		if len(f.Stop) > 0 {
			return errors.New("--stop is for --until-failure")
		}
		return nil
	}
	if len(f.Stop) == 0 {
		f.Stop = []string{defaultStop}
	}
	f.conditions = nil
	var errs []error
	for _, s := range f.Stop {
		t, err := gate.ParseThreshold(s)
		if err != nil {
			errs = append(errs, fmt.Errorf("--stop: %w", err))
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

// judge judges the rounds of a search by the run file, as everything else does.
type judge struct {
	session    *session
	conditions []gate.Threshold
	// failed is what was seen of the smallest number of services of a class that did
	// not hold.
	failed map[string]string
}

func newJudge(s *session, f *limitFlags) *judge {
	return &judge{session: s, conditions: f.conditions, failed: map[string]string{}}
}

// held says whether a round met no condition.
func (j *judge) held(r loadgen.Round) (bool, error) {
	s, err := analysis.SummariseFiles(j.session.path)
	if err != nil {
		return false, err
	}
	reasons := j.met(cellOf(s, r), r)
	sayHeld(r.Cell, reasons)
	if len(reasons) == 0 {
		return true, nil
	}
	j.failed[r.RuntimeClass] = fmt.Sprintf("at %d services %s", r.Services, strings.Join(reasons, "; "))
	return false, nil
}

// met are the conditions that a round met, with what was seen and why.
func (j *judge) met(c *analysis.Cell, r loadgen.Round) []string {
	if c == nil {
		return []string{fmt.Sprintf("none of %d was at zero to be sent a request", r.Services)}
	}
	var reasons []string
	for _, t := range j.conditions {
		if met, seen := t.Observe(c); t.Selects(c.Key) && met {
			reasons = append(reasons, fmt.Sprintf("%s, which is %s", seen, t))
		}
	}
	for _, short := range c.Shortfalls {
		for _, o := range short.Observations() {
			if len(reasons) > 0 {
				reasons = append(reasons, o.String())
			}
		}
	}
	return reasons
}

func cellOf(s *analysis.Summary, r loadgen.Round) *analysis.Cell {
	for i := range s.Cells {
		if c := &s.Cells[i]; c.RuntimeClass == r.RuntimeClass && c.Services == r.Services {
			return c
		}
	}
	return nil
}

// found writes the limit of a class down.
func (j *judge) found(class string, search *loadgen.Search) error {
	why := j.failed[class]
	if search.Failed() == 0 {
		why = fmt.Sprintf("no stop condition was met up to the largest number tried, %d", search.Held())
	}
	return j.session.writer.Event(record.Event{
		At: j.session.clock.Now(), Kind: record.EventLimit, RuntimeClass: class, Value: float64(search.Held()), Message: why,
	})
}
