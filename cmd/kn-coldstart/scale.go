package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/loadgen"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// scaleFlags are the options of scale.
type scaleFlags struct {
	runFlags
	experiment experiment.Scale
	limit      limitFlags
	arrival    string
	classes    classFlags
	output     outputFlags
}

func newScale() *cobra.Command { return scaleOf(nil) }

// scaleOf is scale as a part of a scenario, or by itself.
func scaleOf(p *part) *cobra.Command {
	f := &scaleFlags{}
	f.part, f.output.part = p, p
	e := &f.experiment
	e.Service = experiment.Service{StableWindow: 5 * time.Minute, ClientTimeout: 2 * time.Minute}
	cmd := &cobra.Command{
		Use:   "scale",
		Short: "Start many services at once, up to what the cluster can take",
		Long: "scale creates as many Knative Services of each RuntimeClass as the largest number of --services,\n" +
			"waits until all are Ready and have no pod, and sends one first request to each of N of them together,\n" +
			"for each N. Every answer, every failure and every instance is recorded; between two rounds all\n" +
			"services go back to zero. With the default --stable-window all instances of a round stay up together.\n\n" +
			"How long it takes to deploy each service, until a request gets through the ingress, and to remove it, is\n" +
			"recorded, too. With --deploy-rounds each number of --services is deployed and removed by itself for that.\n\n" +
			"With --until-failure the numbers of --services are steps to climb: until a round meets a --stop condition,\n" +
			"then between the last two, until the largest number that holds is known to a tenth. At the end it\n" +
			"reports the limit of each class, and what was seen of the reasons.",
		Example: "  kn-coldstart scale --runtime-class runc,gvisor --services 1,10,50\n" +
			"  kn-coldstart scale --runtime-class runc --services 500 --arrival uniform:2 --client-timeout 5m\n" +
			"  kn-coldstart scale --runtime-class runc --services 10,25 --stable-window 6s --iterations 5\n" +
			"  kn-coldstart scale --runtime-class runc --services 1,10,50 --deploy-rounds --initial-scale 1 --stable-window 6s\n" +
			"  kn-coldstart scale --runtime-class runc,crun --services 50,100,200,400 --max-services 800 --until-failure\n" +
			"  kn-coldstart scale --runtime-class runc --services 10,50,250 --until-failure --stop 'p(95)>60s' --stop 'failed>5%'",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.register(flags, &e.Setup, "the classes and of a Poisson arrival")
	f.classes.register(flags)
	refuseExisting(flags, "scale creates as many services as it fires together; measure an existing one with 'kn-coldstart single --service NAME', or a copy of it with -f FILE")
	f.output.register(flags)
	f.inCluster.register(flags)
	f.limit.register(flags)
	flags.IntSliceVar(&e.Services, "services", []int{1, 5, 10, 25, 50, 100}, "numbers of services of a class to start together, one after the other")
	flags.IntVar(&e.Iterations, "iterations", 1, "how often each number of services of each class is started")
	flags.StringVar(&f.arrival, "arrival", string(loadgen.Burst), "how the requests of a round arrive: burst, uniform:RATE or poisson:RATE, in requests per second")
	flags.BoolVar(&e.Preconnect, "preconnect", false, "open the connection of each request before it is due")
	flags.DurationVar(&e.Settle, "settle", 0, "pause between all services being at zero and the first request of a round")
	flags.IntVar(&e.InitialScale, "initial-scale", 0, "instances that a service has to have to get Ready; it is at zero again before its first request")
	flags.BoolVar(&e.DeployRounds, "deploy-rounds", false, "before the requests, deploy and remove each number of services of each class by itself, to see how long it takes")
	registerWorkers(flags, &e.Workers)
	flags.IntVar(&e.MaxServices, "max-services", 500, "the most services, of all classes together, that may be created")
	return cmd
}

func (f *scaleFlags) run(cmd *cobra.Command) error {
	e, err := f.prepare(cmd.Flags())
	if err != nil {
		return usage(err)
	}
	path, err := f.measure(cmd, e, newRoundLog())
	return errors.Join(err, f.output.print(path))
}

// prepare makes the experiment that was asked for: a scale, or the search for a
// limit.
func (f *scaleFlags) prepare(flags flagSet) (experiment.Experiment, error) {
	e := &f.experiment
	var err error
	if e.Arrival, err = loadgen.ParseArrival(f.arrival); err != nil {
		return nil, fmt.Errorf("--arrival: %w", err)
	}
	if err := errors.Join(f.limit.validate(), f.output.validate(e.RunFile)); err != nil {
		return nil, err
	}
	if f.classes.written, err = f.readFile(flags, &e.Service); err != nil {
		return nil, err
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
		limit := f.limit.experiment(*e)
		e, asked = &limit.Scale, limit
	}
	return asked, hintMaxServices(f.complete(flags, asked, &e.Setup))
}

// hintMaxServices says what to do where more services are asked for than may be
// created.
func hintMaxServices(err error) error {
	var option *experiment.OptionError
	if errors.As(err, &option) && option.Option == "max-services" {
		return withHint(err, "raise --max-services if the cluster is to hold them")
	}
	return err
}
