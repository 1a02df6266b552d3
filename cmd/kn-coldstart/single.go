package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// singleFlags are the options of single; their JSON is the run file's settings.
type singleFlags struct {
	runFlags
	serviceFlags
	traceFlags
	Iterations       int    `json:"iterations"`
	ServicesPerClass int    `json:"servicesPerClass"`
	OffsetRequests   int    `json:"offsetRequests"`
	Preset           string `json:"preset,omitempty"`

	classes classFlags
	output  outputFlags
}

// offsetRequests is how many warm requests follow a cold start by default.
const offsetRequests = 4

// presets are the settings of published experiments. The published pause of 90 s
// between scale-ups is not kept: the next request waits until it is known that no
// pod is left.
var presets = map[string]singleFlags{
	"knative-study": {
		serviceFlags: serviceFlags{StableWindow: 25 * time.Second, ClientTimeout: 100 * time.Second},
		Iterations:   30,
	},
}

func newSingle() *cobra.Command {
	f := &singleFlags{serviceFlags: serviceFlags{StableWindow: 6 * time.Second, ClientTimeout: 100 * time.Second}}
	cmd := &cobra.Command{
		Use:   "single",
		Short: "Compare the cold start of a single instance over RuntimeClasses",
		Long: "single creates Knative Services of each RuntimeClass, waits until they have no pod, sends one\n" +
			"request at a time through the ingress, and proves of each sample that it was a cold start.\n" +
			"The classes are interleaved in a random order, block by block; a first round is discarded.",
		Example: "  kn-coldstart single --runtime-class runc,crun,gvisor\n" +
			"  kn-coldstart single --runtime-class runc --runtime-class urunc=registry.example/fn-urunc:v1 --image registry.example/fn:v1\n" +
			"  kn-coldstart single --runtime-class runc,gvisor --preset knative-study -o json",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.register(flags, "the classes")
	f.classes.register(flags)
	f.serviceFlags.register(flags)
	f.traceFlags.register(flags)
	f.output.register(flags)
	flags.IntVar(&f.Iterations, "iterations", 30, "samples of each class")
	flags.IntVar(&f.ServicesPerClass, "services-per-class", 0, "services of each class that take turns (default: enough not to wait for zero)")
	flags.IntVar(&f.OffsetRequests, "offset-requests", offsetRequests, "warm requests after each cold start, to estimate the offset of the function's clock")
	flags.StringVar(&f.Preset, "preset", "", "settings of a published experiment, where no flag says otherwise: knative-study")
	return cmd
}

// usePreset takes the preset's value for each flag that was not given.
func (f *singleFlags) usePreset(cmd *cobra.Command) error {
	if f.Preset == "" {
		return nil
	}
	p, ok := presets[f.Preset]
	if !ok {
		return fmt.Errorf("unknown --preset %q: there is knative-study", f.Preset)
	}
	flags := cmd.Flags()
	if !flags.Changed("iterations") {
		f.Iterations = p.Iterations
	}
	if !flags.Changed("stable-window") {
		f.StableWindow = p.StableWindow
	}
	if !flags.Changed("client-timeout") {
		f.ClientTimeout = p.ClientTimeout
	}
	return nil
}

func (f *singleFlags) validate() error {
	if f.Iterations < 1 {
		return fmt.Errorf("--iterations is %d: it must be at least 1", f.Iterations)
	}
	if f.ServicesPerClass < 0 {
		return fmt.Errorf("--services-per-class is %d: it must not be negative", f.ServicesPerClass)
	}
	if f.OffsetRequests < 0 {
		return fmt.Errorf("--offset-requests is %d: it must not be negative", f.OffsetRequests)
	}
	return errors.Join(f.serviceFlags.validate(), f.output.validate(f.runFile))
}

func (f *singleFlags) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	if err := f.usePreset(cmd); err != nil {
		return usage(err)
	}
	if err := f.validate(); err != nil {
		return usage(err)
	}
	client, err := f.cluster.connect()
	if err != nil {
		return err
	}
	classes, err := f.classes.parse(f.cluster.embedded)
	if err != nil {
		return usage(err)
	}
	if err := f.traceFlags.choose(cmd.Flags(), f.cluster.embedded); err != nil {
		return usage(err)
	}
	f.chooseSeed(cmd.Flags())
	if f.ServicesPerClass == 0 {
		f.ServicesPerClass = f.servicesInTurn(ctx, client, len(classes), f.Iterations)
	}
	return f.measure(ctx, client, classes)
}

func (f *singleFlags) measure(ctx context.Context, client *ksvc.Client, classes []record.Class) error {
	s, err := open(ctx, client, plan{
		command: "single", classes: classes, settings: f, run: f.runFlags,
		checks: ksvc.CheckOptions{
			Classes: names(classes), ClientTimeout: f.ClientTimeout,
			Traces: f.Traces,
		},
		timeouts: ksvc.WatchOptions{ZeroTimeout: f.zeroTimeout()},
	})
	if err != nil {
		return err
	}
	if err = s.startTraces(ctx, f.traceFlags); err == nil {
		err = f.experiment(ctx, s)
	}
	err = s.close(ctx, err)
	return errors.Join(err, f.output.print(s.path))
}

func (f *singleFlags) experiment(ctx context.Context, s *session) error {
	targets, err := s.deploy(ctx, f.services(s, 0, f.ServicesPerClass))
	if err != nil {
		return err
	}
	guard := s.newGuard(ctx, targets)
	defer guard.stop()
	log := newSampleLog()
	cost := startCost(s.client)
	e := loadgen.Single{
		Client:  &loadgen.Client{Clock: s.clock, Timeout: f.ClientTimeout, TraceID: s.traces.ids()},
		Cluster: s.watch, Sink: s.writer, Targets: targets,
		Options: loadgen.SingleOptions{
			Iterations: f.Iterations, Seed: f.seed, ZeroTimeout: f.zeroTimeout(), OffsetRequests: f.OffsetRequests,
		},
		OnTrial: cost.beginTrial,
		OnSample: func(done, total int, sample record.Sample) {
			cost.endTrial()
			guard.release(sample.Key().Class())
			log.print(done, total, sample)
		},
	}
	samples, err := e.Run(guard.ctx)
	if err := guard.reason(err); err != nil {
		return err
	}
	if err := errors.Join(s.tellCost(cost, len(samples)), s.digests()); err != nil {
		return err
	}
	if !anyCold(samples) {
		return errNothingMeasured
	}
	return nil
}

// digests writes down what the kubelet ran for each class.
func (s *session) digests() error {
	told := map[record.Class]bool{}
	for _, t := range s.targets {
		class, id := record.Class{Name: t.RuntimeClass, Variant: t.Variant}, s.watch.ImageID(t.Service)
		if id == "" || told[class] {
			continue
		}
		told[class] = true
		e := record.Event{At: s.clock.Now(), Kind: record.EventImageDigest, RuntimeClass: class.Name, Variant: class.Variant, Message: id}
		if err := s.writer.Event(e); err != nil {
			return err
		}
	}
	return nil
}

func anyCold(samples []record.Sample) bool {
	for _, s := range samples {
		if !s.Discarded && s.Cold == record.Proven && !s.Failed() {
			return true
		}
	}
	return false
}
