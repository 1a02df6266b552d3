package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
)

// flagSet knows which flags were given.
type flagSet interface{ Changed(name string) bool }

// againstFlags say how runs are compared with others.
type againstFlags struct {
	percentiles []string
	tolerance   string
	expected    []string
	force       bool
}

// againstNames are the flags that make no sense without runs to compare with.
var againstNames = []string{"percentile", "tolerance", "expected", "force"}

func (f *againstFlags) register(flags *pflag.FlagSet) {
	f.registerChange(flags)
	flags.StringSliceVar(&f.expected, "expected", nil, "field of the run's header that may differ because you test it, such as imageDigest; repeatable")
	flags.BoolVar(&f.force, "force", false, "compare runs even if they were made under other conditions")
}

// registerChange registers the flags that say which change matters.
func (f *againstFlags) registerChange(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.percentiles, "percentile", nil, "percentile to compare; repeatable (default 50,95)")
	flags.StringVar(&f.tolerance, "tolerance", "", "change that is accepted: a share, a duration, or both, of which the larger counts (default 10%,50ms)")
}

// apply sets in o what flags were given for; o is nil if there is no baseline.
func (f *againstFlags) apply(flags flagSet, o *gate.Options) error {
	for _, name := range againstNames {
		if o == nil && flags.Changed(name) {
			return fmt.Errorf("--%s is about a baseline: give --baseline too", name)
		}
	}
	if o == nil {
		return nil
	}
	quantiles, err := f.quantiles()
	if err != nil {
		return err
	}
	if len(quantiles) > 0 {
		o.Quantiles = quantiles
	}
	if flags.Changed("expected") {
		o.Expected = f.expected
	}
	o.Force = o.Force || f.force
	if !flags.Changed("tolerance") {
		return nil
	}
	o.Tolerance, err = f.parseTolerance()
	return err
}

// applyAB sets in o what flags were given for.
func (f *againstFlags) applyAB(flags flagSet, o *gate.ABOptions) error {
	quantiles, err := f.quantiles()
	if err != nil {
		return err
	}
	if len(quantiles) > 0 {
		o.Quantiles = quantiles
	}
	if flags.Changed("tolerance") {
		o.Tolerance, err = f.parseTolerance()
	}
	return err
}

// quantiles are the percentiles that were given; nil if none were.
func (f *againstFlags) quantiles() ([]float64, error) {
	var list []float64
	for _, p := range f.percentiles {
		q, err := gate.ParsePercentile(p)
		if err != nil {
			return nil, fmt.Errorf("--%w", err)
		}
		list = append(list, q)
	}
	return list, nil
}

func (f *againstFlags) parseTolerance() (gate.Tolerance, error) {
	t, err := gate.ParseTolerance(f.tolerance)
	if err != nil {
		return t, fmt.Errorf("--%w", err)
	}
	return t, nil
}

// share reads the value of a flag that must be a share above zero.
func share(flag, s string) (float64, error) {
	v, err := gate.ParseShare(s)
	if err == nil && v == 0 {
		err = errors.New("want more than nothing")
	}
	if err != nil {
		return 0, fmt.Errorf("--%s: %w", flag, err)
	}
	return v, nil
}
