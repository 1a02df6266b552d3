package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// existingFlag names services that exist and are measured as they are.
const existingFlag = "service"

// ownServiceFlags are the flags of single that say what its own services are like, beside
// those of their pods. An existing service says all that itself.
var ownServiceFlags = []string{"runtime-class", "image", "filename", "stable-window", "services-per-class", "preset", "for"}

func registerExisting(flags *pflag.FlagSet, services *[]string) {
	flags.StringArrayVar(services, existingFlag, nil, "Knative Service that exists, to measure as it is: it is read and requested, and never changed; repeatable")
}

// refuseExisting has a command that creates all of its services refuse --service in words
// of its own.
func refuseExisting(flags *pflag.FlagSet, why string) {
	flags.Var(refusal(why), existingFlag, "")
	_ = flags.MarkHidden(existingFlag) // it was just registered
}

// refusal is the value of a flag that a command does not take. It is the reason.
type refusal string

// Set implements pflag.Value.
func (r refusal) Set(string) error { return errors.New(string(r)) }

// String implements pflag.Value.
func (r refusal) String() string { return "" }

// Type implements pflag.Value.
func (r refusal) Type() string { return "NAME" }

// existing is the experiment with existing services that the flags ask for. It refuses the
// flags of services that are created.
func (f *singleFlags) existing(flags flagSet) (*experiment.Existing, error) {
	for _, name := range slices.Concat(ownServiceFlags, podFlags) {
		if flags.Changed(name) {
			return nil, withHint(fmt.Errorf("--%s and --%s exclude each other: an existing service is measured as it is", name, existingFlag), "leave out --"+name)
		}
	}
	e := &f.experiment
	if e.Traces.On || e.Traces.Address != "" {
		return nil, withHint(fmt.Errorf("--traces and --%s exclude each other: tracing is switched on by a setting that has Knative roll out every service anew", existingFlag), "leave out --traces and --traces-address")
	}
	return &experiment.Existing{Setup: e.Setup, Services: f.services, Iterations: e.Iterations, OffsetRequests: e.OffsetRequests, Workers: e.Workers}, nil
}
