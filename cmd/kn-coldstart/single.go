package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// singleFlags are the options of single.
type singleFlags struct {
	runFlags
	experiment experiment.Single
	services   []string
	classes    classFlags
	output     outputFlags
}

// preset is the settings of a published experiment.
type preset struct {
	iterations int
	service    experiment.Service
}

// presets are by name. The published pause of 90 s between scale-ups is not kept:
// the next request waits until it is known that no pod is left.
var presets = map[string]preset{
	"knative-study": {30, experiment.Service{StableWindow: 25 * time.Second, ClientTimeout: 100 * time.Second}},
}

func newSingle() *cobra.Command { return singleOf(nil) }

// singleOf is single as a part of a scenario, or by itself.
func singleOf(p *part) *cobra.Command {
	f := &singleFlags{}
	f.part, f.output.part = p, p
	e := &f.experiment
	e.Service = experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: 100 * time.Second}
	cmd := &cobra.Command{
		Use:   "single",
		Short: "Compare the cold start of a single instance over RuntimeClasses",
		Long: "single creates Knative Services of each RuntimeClass, waits until they have no pod, sends one\n" +
			"request at a time through the ingress, and proves of each sample that it was a cold start.\n" +
			"The classes are interleaved in a random order, block by block; a first round is discarded.\n\n" +
			"With --service it measures Knative Services that exist, as they are: it reads them and sends requests to\n" +
			"them, and never changes or deletes them. How long they take to return to zero is said beforehand.",
		Example: "  kn-coldstart single --runtime-class runc,crun,gvisor\n" +
			"  kn-coldstart single --runtime-class runc --runtime-class urunc=registry.example/fn-urunc:v1 --image registry.example/fn:v1\n" +
			"  kn-coldstart single --runtime-class runc --image registry.example/mine:v1 --path /hello --expect-body 'Hello .*'\n" +
			"  kn-coldstart single --service shop --iterations 10 -n production\n" +
			"  kn-coldstart single --runtime-class runc,gvisor --preset knative-study -o json",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.register(flags, &e.Setup, "the classes")
	f.classes.register(flags)
	registerExisting(flags, &f.services)
	registerTraces(flags, &e.Traces)
	f.output.register(flags)
	f.inCluster.register(flags)
	flags.IntVar(&e.Iterations, "iterations", 30, "samples of each class")
	flags.IntVar(&e.ServicesPerClass, "services-per-class", 0, "services of each class that take turns (default: enough not to wait for zero)")
	flags.IntVar(&e.OffsetRequests, "offset-requests", experiment.DefaultOffsetRequests, "warm requests after each cold start, to estimate the offset of the function's clock")
	registerWorkers(flags, &e.Workers)
	flags.StringVar(&e.Preset, "preset", "", "settings of a published experiment, where no flag says otherwise: knative-study")
	return cmd
}

// usePreset takes the preset's value for each flag that was not given.
func (f *singleFlags) usePreset(flags flagSet) error {
	e := &f.experiment
	if e.Preset == "" {
		return nil
	}
	p, ok := presets[e.Preset]
	if !ok {
		return fmt.Errorf("unknown --preset %q: there is knative-study", e.Preset)
	}
	if !flags.Changed("iterations") {
		e.Iterations = p.iterations
	}
	if !flags.Changed("stable-window") {
		e.Service.StableWindow = p.service.StableWindow
	}
	if !flags.Changed("client-timeout") {
		e.Service.ClientTimeout = p.service.ClientTimeout
	}
	return nil
}

func (f *singleFlags) run(cmd *cobra.Command) error {
	e, err := f.prepare(cmd.Flags())
	if err != nil {
		return usage(err)
	}
	path, err := f.measure(cmd, e, newSampleLog())
	return errors.Join(err, f.output.print(path))
}

// prepare fills in the experiment, and returns the one that was asked for.
func (f *singleFlags) prepare(flags flagSet) (experiment.Experiment, error) {
	e := &f.experiment
	if err := f.usePreset(flags); err != nil {
		return nil, err
	}
	if err := f.output.validate(e.RunFile); err != nil {
		return nil, err
	}
	if err := completeWorkers(&e.Workers); err != nil {
		return nil, err
	}
	embedded := f.cluster.locate()
	if len(f.services) > 0 {
		existing, err := f.existing(flags)
		if err != nil {
			return nil, err
		}
		return existing, f.complete(flags, existing, &existing.Setup)
	}
	var err error
	if f.classes.written, err = f.readFile(flags, &e.Service); err != nil {
		return nil, err
	}
	if e.Classes, err = f.classes.parse(embedded); err != nil {
		return nil, err
	}
	chooseTraces(flags, &e.Traces, embedded)
	f.inCluster.chooseTraces(&e.Traces)
	return e, f.complete(flags, e, &e.Setup)
}
