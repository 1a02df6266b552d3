package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/loadgen/load"
)

// loadFlags are the options of load.
type loadFlags struct {
	runFlags
	experiment experiment.Load
	rate       string
	ramp       time.Duration
	limit      limitFlags
	classes    classFlags
	output     outputFlags
}

// defaultLoad is how long a load lasts whose rate does not say it, and defaultStep how long
// one of a search does.
const (
	defaultLoad = time.Minute
	defaultStep = 30 * time.Second
)

const loadHelp = `load creates one Knative Service of a RuntimeClass, waits until it has no pod, or --warm instances that are Ready, and
sends requests at a --rate, whether earlier ones were answered or not. Then it waits until the service is at zero
again, removes it, and goes on with the next class; the classes come in a random order.

Latency counts from when a request was due, so that a stall shows in all requests that were due meanwhile. Of each
second the run file has a histogram, the first requests that failed and the slowest ones; and it has each change of how
many instances the autoscaler wants, and of which are Ready. The report tells what was used of processors and memory,
and when the autoscaler was in its panic mode. 'kn-coldstart report -o seconds' has latencies and instances by second,
and loads are judged with 'kn-coldstart gate --slo "load(99)<500ms"'.

With --until-failure it looks for the highest rate that a class holds. It begins with --rate and doubles it until a
--stop condition is met; then it tries rates in between, until the highest one that holds is known to a tenth. Each
rate lasts for --duration (30s) on the instances that the one before has left, and is judged by the second half of it.
At the end it says what bounds each class: the processor, the autoscaler, the function, the ingress or this client.

A RATE is one of:

` + load.Grammar

func newLoad() *cobra.Command { return loadOf(nil) }

// loadOf is load as a part of a scenario, or by itself.
func loadOf(p *part) *cobra.Command {
	f := &loadFlags{}
	f.part, f.output.part = p, p
	e := &f.experiment
	e.Service = experiment.Service{StableWindow: time.Minute, ClientTimeout: 30 * time.Second}
	cmd := &cobra.Command{
		Use:   "load --rate RATE",
		Short: "Send requests at a rate to one service, from zero to many instances",
		Long:  loadHelp,
		Example: "  kn-coldstart load --runtime-class runc,gvisor --rate 50/s --duration 2m\n" +
			"  kn-coldstart load --runtime-class runc --rate 10/s..500/s --ramp 60s --concurrency-limit 10\n" +
			"  kn-coldstart load --runtime-class runc --rate 10/s:30s,300/s:60s,10/s:30s --warm 1 --max-scale 20\n" +
			"  kn-coldstart load --runtime-class runc --rate poisson:50/s --duration 5m --concurrency-target 20\n" +
			"  kn-coldstart load --runtime-class runc --rate replay:trace.csv --hlog load.hlog\n" +
			"  kn-coldstart load --runtime-class runc,crun --rate 50/s --until-failure --stop 'p(99)>200ms' --stop 'failed>1%'",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.register(flags, &e.Setup, "the classes, and of the distances of a Poisson rate")
	f.classes.register(flags)
	refuseExisting(flags, "load creates its services; load a copy of an existing one with -f FILE")
	f.output.register(flags)
	f.inCluster.register(flags)
	f.limit.registerLoad(flags)
	flags.StringVar(&f.rate, "rate", "", "when requests are due: a RATE")
	flags.DurationVar(&f.ramp, "ramp", 0, "how long a RATE such as 10/s..500/s takes from the one to the other (default: to the end)")
	flags.DurationVar(&e.Duration, "duration", 0, "how long the load lasts (default: as long as the RATE says, or else 1m)")
	flags.IntVar(&e.Warm, "warm", 0, "instances that are Ready before the first request")
	flags.IntVar(&e.MinScale, "min-scale", 0, "instances that there always are; then the service does not return to zero")
	flags.IntVar(&e.MaxScale, "max-scale", 0, "instances that there may be (default: any number)")
	flags.IntVar(&e.ConcurrencyTarget, "concurrency-target", 0, "requests that the autoscaler wants an instance to serve at a time (default: the cluster's)")
	flags.IntVar(&e.InFlight, "max-in-flight", load.DefaultInFlight, "requests that may be under way; one that is due beyond that is dropped, and counts as failed")
	registerWorkers(flags, &e.Workers)
	flags.DurationVar(&e.RecoveredLimit, "recovered-limit", experiment.DefaultRecoveredLimit, "the service has recovered when p99 of a second is under it")
	return cmd
}

func (f *loadFlags) run(cmd *cobra.Command) error {
	e, err := f.prepare(cmd.Flags())
	if err != nil {
		return usage(err)
	}
	path, err := f.measure(cmd, e, newLoadLog())
	return errors.Join(err, f.output.print(path))
}

// fileScale are the flags that the file of a service says by itself.
var fileScale = []string{"max-scale", "concurrency-target"}

func (f *loadFlags) prepare(flags flagSet) (experiment.Experiment, error) {
	e := &f.experiment
	if f.rate == "" {
		return nil, withHint(errors.New("--rate is missing: say when requests are due"), "use --rate 50/s, or another RATE of 'kn-coldstart load --help'")
	}
	var err error
	if e.Schedule, err = load.Parse(f.rate, f.ramp); err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	if !flags.Changed("duration") {
		e.Duration = f.duration()
	}
	if err := errors.Join(f.limit.validateLoad(), f.output.validate(e.RunFile)); err != nil {
		return nil, err
	}
	if f.classes.written, err = f.readFile(flags, &e.Service); err != nil {
		return nil, err
	}
	for _, name := range fileScale {
		if f.file != "" && flags.Changed(name) {
			return nil, writeInto(f.file, "--"+name)
		}
	}
	if written := f.classes.written; written != nil {
		e.MaxScale = written.MaxScale
	}
	if e.Classes, err = f.classes.parse(f.cluster.locate()); err != nil {
		return nil, err
	}
	if err := f.limit.areOf(names(e.Classes)); err != nil {
		return nil, err
	}
	if err := completeWorkers(&e.Workers); err != nil {
		return nil, err
	}
	var asked experiment.Experiment = e
	if f.limit.untilFailure {
		limit := f.limit.loadExperiment(*e)
		e, asked = &limit.Load, limit
	}
	return asked, f.complete(flags, asked, &e.Setup)
}

// duration is how long a load lasts if nobody says it.
func (f *loadFlags) duration() time.Duration {
	if f.limit.untilFailure {
		return defaultStep
	}
	return cmp.Or(f.experiment.Schedule.Length(), defaultLoad)
}
