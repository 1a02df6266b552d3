package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/ksvc/cluster"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// runFlags are the options of every command that measures: on which cluster, in
// which order, with which services, and into which file.
type runFlags struct {
	cluster   clusterFlags
	request   requestFlags
	inCluster inClusterFlags
	file      string
	// progress says how the run tells how far it is.
	progress progressFlags
	live     liveFlags
	// part is the experiment of a scenario that this is, if it is one.
	part *part
	// setup is what complete has filled in.
	setup *experiment.Setup
}

// register registers the flags that fill in a setup; ordered is what the seed brings
// into an order.
func (f *runFlags) register(flags *pflag.FlagSet, s *experiment.Setup, ordered string) {
	f.registerCluster(flags, s, ordered)
	flags.BoolVar(&s.WithPull, "with-pull", false, "count cold starts for which a node pulled an image (default: they are left out of the percentiles)")
	flags.StringVarP(&f.file, "filename", "f", "", "file with the Knative Service to measure, in place of the flags of its pods")
	registerService(flags, &s.Service)
	f.request.register(flags, &s.Request)
}

// registerCluster registers those that do not say what is requested.
func (f *runFlags) registerCluster(flags *pflag.FlagSet, s *experiment.Setup, ordered string) {
	f.cluster.register(flags)
	f.cluster.registerIngress(flags)
	f.progress.register(flags)
	f.live.register(flags)
	flags.Uint64Var(&s.Seed, "seed", 0, "seed of the order of "+ordered+" (default: random)")
	flags.StringVar(&s.RunFile, "run-file", "", "file for the record of the run, - for standard output where that is free (default results/RUN.jsonl)")
}

// complete fills in what is not in a flag of its own, and checks the whole before
// anything is asked of the cluster.
func (f *runFlags) complete(flags flagSet, e experiment.Experiment, s *experiment.Setup) error {
	if err := f.cluster.validate(); err != nil {
		return err
	}
	if err := f.request.complete(&s.Request); err != nil {
		return err
	}
	if err := f.inCluster.validate(); err != nil {
		return err
	}
	f.setup, s.RunID = s, f.inCluster.run
	s.IngressAddress, s.Tool = f.cluster.ingressAddress, tool()
	f.part.mark(s)
	if !flags.Changed("seed") {
		s.Seed = rand.Uint64()
	}
	return errors.Join(f.progress.use(s.RunFile), f.live.complete(s.RunFile), flagError(e.Validate()))
}

// collectorPercent has the garbage collector run when the heap has grown to five
// times what lives, not two, so that fewer collections fall into a cold start. A run
// of single then holds 67 MiB at most, program included. GOGC overrules it.
const collectorPercent = 400

func setCollector(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// The cluster that commands connect to is one that experiments can measure.
var _ experiment.Cluster = (*cluster.Cluster)(nil)

// measure runs an experiment and returns the path of its run file, which is empty
// where none was begun.
func (f *runFlags) measure(cmd *cobra.Command, e experiment.Experiment, o experiment.Observer) (path string, err error) {
	if f.part.plan(e) {
		return "", errPlanned
	}
	if f.inCluster.on {
		return f.measureInCluster(cmd.Context(), e)
	}
	f.inCluster.joinStreams()
	target, err := f.cluster.connect()
	if err != nil {
		return "", err
	}
	setCollector(collectorPercent)
	page, err := f.live.start()
	if err != nil {
		return "", err
	}
	defer page.end()
	measuring.Store(true)
	defer measuring.Store(false)
	o, stop := f.progress.follow(cmd, e, o, page)
	defer stop()
	result, err := experiment.Run(cmd.Context(), target, e, o)
	f.inCluster.tellReceipt(result)
	if errors.Is(err, experiment.ErrNothingMeasured) {
		err = fmt.Errorf("%w: see the table and 'kn-coldstart doctor'", err)
	}
	f.part.measured(result)
	return result.RunFile, err
}

// flagError names the flags of options that make no sense.
func flagError(err error) error {
	switch e := err.(type) {
	case *experiment.OptionError:
		return fmt.Errorf("--%w", e)
	case interface{ Unwrap() []error }:
		var named []error
		for _, one := range e.Unwrap() {
			named = append(named, flagError(one))
		}
		return errors.Join(named...)
	}
	return err
}

// nodeGateway is where the embedded node's pods reach this computer.
const nodeGateway = "198.18.0.1"

func registerTraces(flags *pflag.FlagSet, t *experiment.Traces) {
	flags.BoolVar(&t.On, "traces", false, "afterwards, make up to 10 starts more of each class of which the activator and queue-proxy report what\n"+
		"they did; they are in no other figure. Changes ConfigMap config-observability and restarts the activator")
	flags.StringVar(&t.Address, "traces-address", "", "HOST:PORT of this computer at which pods report traces (the embedded node's is known)")
}

// chooseTraces fills in what was not said about traces.
func chooseTraces(flags flagSet, t *experiment.Traces, embedded bool) {
	if !flags.Changed("traces") {
		t.On = t.Address != ""
	}
	t.Shared = t.On && !embedded
	if t.On && t.Address == "" && embedded {
		t.Address = net.JoinHostPort(nodeGateway, "0")
	}
}
