package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// scaleFlags are the options of scale; their JSON is the run file's settings.
type scaleFlags struct {
	runFlags
	serviceFlags
	limitFlags
	Services    []int           `json:"services"`
	Iterations  int             `json:"iterations"`
	Arrival     loadgen.Arrival `json:"arrival"`
	Preconnect  bool            `json:"preconnect"`
	Settle      time.Duration   `json:"settleNs"`
	MaxServices int             `json:"maxServices"`

	arrival string
	classes classFlags
	output  outputFlags
}

func newScale() *cobra.Command {
	f := &scaleFlags{serviceFlags: serviceFlags{StableWindow: 5 * time.Minute, ClientTimeout: 2 * time.Minute}}
	cmd := &cobra.Command{
		Use:   "scale",
		Short: "Start many services at once, up to what the cluster can take",
		Long: "scale creates as many Knative Services of each RuntimeClass as the largest number of --services,\n" +
			"waits until all are Ready and have no pod, and sends one first request to each of N of them together,\n" +
			"for each N. Every answer, every failure and every instance is recorded; between two rounds all\n" +
			"services go back to zero. With the default --stable-window all instances of a round stay up together.\n\n" +
			"With --until-failure the numbers of --services are steps to climb: until a round meets a --stop condition,\n" +
			"then between the last two, until the largest number that holds is known to a tenth. The limit of each class\n" +
			"and what was seen of why are told at the end.",
		Example: "  kn-coldstart scale --runtime-class runc,gvisor --services 1,10,50\n" +
			"  kn-coldstart scale --runtime-class runc --services 500 --arrival uniform:2 --client-timeout 5m\n" +
			"  kn-coldstart scale --runtime-class runc --services 10,25 --stable-window 6s --iterations 5\n" +
			"  kn-coldstart scale --runtime-class runc,crun --services 50,100,200,400 --max-services 800 --until-failure\n" +
			"  kn-coldstart scale --runtime-class runc --services 10,50,250 --until-failure --stop 'p(95)>60s' --stop 'failed>5%'",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.register(flags, "the classes and of a Poisson arrival")
	f.classes.register(flags)
	f.serviceFlags.register(flags)
	f.output.register(flags)
	f.limitFlags.register(flags)
	flags.IntSliceVar(&f.Services, "services", []int{1, 5, 10, 25, 50, 100}, "numbers of services of a class to start together, one after the other")
	flags.IntVar(&f.Iterations, "iterations", 1, "how often each number of services of each class is started")
	flags.StringVar(&f.arrival, "arrival", string(loadgen.Burst), "how the requests of a round arrive: burst, uniform:RATE or poisson:RATE, in requests per second")
	flags.BoolVar(&f.Preconnect, "preconnect", false, "open the connections of a round before its first request is sent")
	flags.DurationVar(&f.Settle, "settle", 0, "pause between all services being at zero and the first request of a round")
	flags.IntVar(&f.MaxServices, "max-services", 500, "the most services, of all classes together, that may be created")
	return cmd
}

func (f *scaleFlags) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(f.Services) == 0 || slices.Min(f.Services) < 1 {
		bad("--services is %v: each number must be at least 1", f.Services)
	}
	if f.Iterations < 1 {
		bad("--iterations is %d: it must be at least 1", f.Iterations)
	}
	if f.UntilFailure && f.Iterations > 1 {
		bad("--until-failure and --iterations %d exclude each other: a search fires each number of services once", f.Iterations)
	}
	if f.UntilFailure && f.runFile == "-" {
		bad("--until-failure reads the run file after each round: it cannot be standard output")
	}
	if f.Settle < 0 {
		bad("--settle is %v: it must not be negative", f.Settle)
	}
	var err error
	if f.Arrival, err = loadgen.ParseArrival(f.arrival); err != nil {
		bad("--arrival: %w", err)
	}
	return errors.Join(append(errs, f.limitFlags.validate(), f.serviceFlags.validate(), f.output.validate(f.runFile))...)
}

// fits makes sure that the classes are what the other options allow.
func (f *scaleFlags) fits(classes []string) error {
	if n := f.most() * len(classes); n > f.MaxServices {
		return withHint(fmt.Errorf("%d services are asked for, %d of each of %d RuntimeClasses, and --max-services is %d", n, f.most(), len(classes), f.MaxServices),
			fmt.Sprintf("--max-services %d if the cluster is to hold them", n))
	}
	return f.areOf(classes)
}

func (f *scaleFlags) most() int { return slices.Max(f.Services) }

func (f *scaleFlags) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	if err := f.validate(); err != nil {
		return usage(err)
	}
	client, err := f.cluster.connect()
	if err != nil {
		return err
	}
	classes, err := f.classes.parse(f.cluster.embedded)
	if err == nil {
		err = f.fits(names(classes))
	}
	if err != nil {
		return usage(err)
	}
	f.chooseSeed(cmd.Flags())
	return f.measure(ctx, client, classes)
}

func (f *scaleFlags) measure(ctx context.Context, client *ksvc.Client, classes []record.Class) error {
	s, err := open(ctx, client, plan{
		command: "scale", shape: record.Shape{Rounds: true}, classes: classes, settings: f, run: f.runFlags,
		checks: ksvc.CheckOptions{
			Classes: names(classes), ClientTimeout: f.ClientTimeout,
		},
		timeouts: ksvc.WatchOptions{ReadyTimeout: f.readyTimeout(len(classes)), ZeroTimeout: f.zeroTimeout()},
	})
	if err != nil {
		return err
	}
	err = s.close(ctx, f.experiment(ctx, s))
	return errors.Join(err, f.output.print(s.path))
}

// readyTimeout and zeroTimeout grow with the services: the cluster works on
// hundreds of them one after the other.
func (f *scaleFlags) readyTimeout(classes int) time.Duration {
	return 5*time.Minute + time.Duration(f.most()*classes)*2*time.Second
}

func (f *scaleFlags) zeroTimeout() time.Duration {
	return f.StableWindow + 10*time.Minute + time.Duration(f.most())*2*time.Second
}

func (f *scaleFlags) experiment(ctx context.Context, s *session) error {
	targets, warm, err := f.deploy(ctx, s)
	if err != nil {
		return err
	}
	guard := s.newGuard(ctx, targets)
	defer guard.stop()
	log := newRoundLog(s.watch, f.arrival)
	e := loadgen.Scale{
		Client:  &loadgen.Client{Clock: s.clock, Timeout: f.ClientTimeout},
		Cluster: s.watch, Sink: s.writer, Targets: targets, Warm: warm,
		Options: loadgen.ScaleOptions{
			Services: f.Services, Iterations: f.Iterations, Arrival: f.Arrival, Preconnect: f.Preconnect,
			Settle: f.Settle, Seed: f.seed, ZeroTimeout: f.zeroTimeout(),
		},
		OnRound: log.announce, OnZero: log.zero, OnFire: log.fire, OnFired: log.fired,
		OnSample: func(_, _ int, sample record.Sample) {
			guard.release(sample.Key().Class())
			log.sample(sample)
		},
	}
	sampler := s.sampleUsage(ctx)
	defer sampler.Stop()
	watching := startCost(s.client)
	rounds, err := f.fire(guard.ctx, s, &e)
	if err := guard.reason(err); err != nil {
		return err
	}
	f.linger(ctx, s.watch)
	return f.finish(s, watching, rounds)
}

// The last round is watched for afterwards once it was answered, or once all of its
// instances are Ready if that comes within lateReady: what the watch has yet to tell
// of, and the memory of instances that have all come up. The kubelet probes only each
// ten seconds. The other rounds have the time that they take to go back to zero.
const (
	afterwards = 5 * time.Second
	lateReady  = 12 * time.Second
)

func (f *scaleFlags) linger(ctx context.Context, w *ksvc.Watch) {
	late, cancel := context.WithTimeout(ctx, min(lateReady, f.StableWindow))
	defer cancel()
	for in := w.Instances(""); in.Ready < in.Alive && late.Err() == nil; in = w.Instances("") {
		pause(late, 100*time.Millisecond)
	}
	pause(ctx, min(afterwards, f.StableWindow))
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// fire makes the rounds that were asked for, or those of a search.
func (f *scaleFlags) fire(ctx context.Context, s *session, e *loadgen.Scale) ([]loadgen.Round, error) {
	if !f.UntilFailure {
		return e.Run(ctx)
	}
	judge := newJudge(s, &f.limitFlags)
	return (&loadgen.Limits{Scale: e, Held: judge.held, OnFound: judge.found}).Run(ctx)
}

// warmServices is how many services of each class the discarded round fires where
// small rounds are measured. The autoscaler looks at a service that it never saw
// traffic of at its next tick only, up to 2 s later: in a small round that would
// be most of the latency.
const warmServices = 10

// deploy creates the services to measure, and says which warm caches. Where only
// large rounds are measured that is one more of each class, with the shortest
// stable window, so that the first round need not wait for a long one.
func (f *scaleFlags) deploy(ctx context.Context, s *session) (targets, warm []record.Target, err error) {
	all := f.services(s, 0, f.most())
	if slices.Min(f.Services) <= warmServices {
		targets, err = s.deploy(ctx, all)
		return targets, targets[:min(len(targets), warmServices*len(s.header.Classes))], err
	}
	extra := f.services(s, f.most(), f.most()+1)
	for i := range extra {
		extra[i].StableWindow = shortestWindow
	}
	targets, err = s.deploy(ctx, append(all, extra...))
	if err != nil {
		return nil, nil, err
	}
	return targets[:len(all)], targets[len(all):], nil
}

func (f *scaleFlags) finish(s *session, watching *cost, rounds []loadgen.Round) error {
	var samples []record.Sample
	for _, r := range rounds {
		samples = append(samples, r.Samples...)
	}
	if err := errors.Join(s.tellWatching(watching), s.digests()); err != nil {
		return err
	}
	if !anyCold(samples) {
		return errNothingMeasured
	}
	return nil
}
