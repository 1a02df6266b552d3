package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

// abFlags are the options of ab; their JSON is the run file's settings.
type abFlags struct {
	runFlags
	serviceFlags
	MaxBlocks       int            `json:"maxBlocks"`
	Budget          time.Duration  `json:"budgetNs"`
	ServicesPerSide int            `json:"servicesPerSide"`
	Tolerance       gate.Tolerance `json:"tolerance"`
	A               side           `json:"a"`
	B               side           `json:"b"`

	class     string
	image     string
	a, b      []string
	tolerance string
	verdict   verdictFlags
}

const abHelp = `ab measures two sides in turns, block by block: a cold start of each, in random order, so that whatever drifts
on the machine is the same for both. Side a is the baseline, b the change. They are the same but for what --a and --b
say: runtime-class=NAME, image=IMAGE, env=NAME=VALUE, request=cpu=100m, limit=memory=64Mi, as often as needed.

After every block it asks whether it knows enough, and ends as soon as it does; its exit code is the verdict:

  0  pass          b is shown to be slower by less than the tolerance, if at all
  3  fail          b is shown to be slower, and by more than the tolerance; or to fail more often
  4  inconclusive  neither could be shown within --max-blocks and --budget
  5  invalid       the samples do not measure it: not cold, too many failures, a late client
  1, 2             ab itself failed, or was asked for what there is not: never a pass

What is compared is the median ratio of two cold starts that stand next to each other. If both sides are the same, b
fails with a chance of 5 % at most, however often one looks; a b that is slower by the tolerance passes with 4 %.
The block is 2 cold starts: a change of 25 % takes about 12 blocks where a class varies little and 60 where it varies
much, and to show that there is none takes 3 times as many.

'kn-coldstart gate RUN' judges the run file again and says the same; 'kn-coldstart report RUN' shows the rest.`

func newAB() *cobra.Command {
	f := &abFlags{serviceFlags: serviceFlags{StableWindow: 6 * time.Second, ClientTimeout: 100 * time.Second}}
	cmd := &cobra.Command{
		Use:   "ab",
		Short: "Measure two sides in turns until it is known whether b is slower; the exit code is the verdict",
		Long:  abHelp,
		Example: "  kn-coldstart ab --runtime-class runc --a image=registry.example/fn:main --b image=registry.example/fn:pr\n" +
			"  kn-coldstart ab --a runtime-class=runc --b runtime-class=crun --image registry.example/fn:v1\n" +
			"  kn-coldstart ab --runtime-class gvisor --b env=GOGC=off --b limit=memory=128Mi --tolerance 5%,20ms\n" +
			"  kn-coldstart ab --runtime-class runc --budget 5m --inconclusive pass --junit verdict.xml",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.register(flags, "the sides")
	flags.StringArrayVar(&f.a, "a", nil, "what side a, the baseline, has of its own, as NAME=VALUE; repeatable")
	flags.StringArrayVar(&f.b, "b", nil, "what side b, the change, has of its own; repeatable")
	flags.StringVar(&f.class, "runtime-class", "", "RuntimeClass of both sides")
	flags.StringVar(&f.image, "image", "", "image of both sides (default on the embedded node: "+nodeImage+")")
	f.serviceFlags.register(flags)
	flags.IntVar(&f.MaxBlocks, "max-blocks", 200, "blocks after which to give up")
	flags.DurationVar(&f.Budget, "budget", 15*time.Minute, "time after which to give up, once the services are there")
	flags.IntVar(&f.ServicesPerSide, "services-per-side", 0, "services of each side that take turns (default: enough not to wait for zero, 12 at most)")
	flags.StringVar(&f.tolerance, "tolerance", "", "accepted change: a share, a duration, or both, of which the larger counts (default 10%,50ms)")
	f.verdict.register(flags)
	return cmd
}

// mostServicesPerSide bounds how many services take turns unless it is said. Each
// costs a cold start of the round that warms caches, of over two seconds, because
// the autoscaler looks at what never had traffic at its next tick only; a run that
// ends after a dozen blocks never gets that back.
const mostServicesPerSide = 12

// validate also reads what is written in other flags.
func (f *abFlags) validate(flags flagSet) (inconclusive gate.Verdict, err error) {
	if f.MaxBlocks < 1 {
		return "", fmt.Errorf("--max-blocks is %d: it must be at least 1", f.MaxBlocks)
	}
	if f.Budget <= 0 {
		return "", fmt.Errorf("--budget is %v: it must be positive", f.Budget)
	}
	if f.ServicesPerSide < 0 {
		return "", fmt.Errorf("--services-per-side is %d: it must not be negative", f.ServicesPerSide)
	}
	if f.runFile == "-" {
		return "", errors.New("--run-file - would write to standard output, where the verdict goes")
	}
	f.Tolerance = gate.DefaultTolerance
	if flags.Changed("tolerance") {
		if f.Tolerance, err = (&againstFlags{tolerance: f.tolerance}).parseTolerance(); err != nil {
			return "", err
		}
	}
	if flags.Changed("inconclusive") {
		if inconclusive, err = f.verdict.parseInconclusive(); err != nil {
			return "", err
		}
	}
	return inconclusive, errors.Join(f.serviceFlags.validate(), f.verdict.validate())
}

// sides makes the sides of what both have and what each has of its own.
func (f *abFlags) sides(embedded bool) error {
	both := side{RuntimeClass: f.class, Image: f.image, Env: f.Env, Requests: f.Requests, Limits: f.Limits}
	if both.Image == "" && embedded {
		both.Image = nodeImage
	}
	var err error
	if f.A, err = both.with("a", f.a); err != nil {
		return err
	}
	f.B, err = both.with("b", f.b)
	return err
}

func (f *abFlags) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	inconclusive, err := f.validate(cmd.Flags())
	if err != nil {
		return usage(err)
	}
	client, err := f.cluster.connect()
	if err != nil {
		return err
	}
	if err := f.sides(f.cluster.embedded); err != nil {
		return usage(err)
	}
	if f.A.same(f.B) {
		sayWarning("the sides are the same: this shows what the gate makes of noise")
	}
	f.chooseSeed(cmd.Flags())
	if f.ServicesPerSide == 0 {
		f.ServicesPerSide = min(f.servicesInTurn(ctx, client, 2, f.MaxBlocks), mostServicesPerSide)
	}
	path, err := f.measure(ctx, client)
	if path != "" {
		sayFiles(path, "")
	}
	if err != nil {
		return err
	}
	return f.judge(path, inconclusive)
}

// judge reads what was measured from its file, as everything else does.
func (f *abFlags) judge(path string, inconclusive gate.Verdict) error {
	run, err := record.ReadFile(path)
	if err != nil {
		return err
	}
	result, err := gate.JudgeAB(run, gate.ABOptions{Tolerance: f.Tolerance})
	if err != nil {
		return err
	}
	return f.verdict.tell(result, analysis.Summarise(run), inconclusive)
}

func (f *abFlags) measure(ctx context.Context, client *ksvc.Client) (path string, err error) {
	classes := []record.Class{
		{Name: f.A.RuntimeClass, Variant: record.VariantA, Image: f.A.Image},
		{Name: f.B.RuntimeClass, Variant: record.VariantB, Image: f.B.Image},
	}
	s, err := open(ctx, client, plan{
		command: "ab", shape: record.Shape{Sides: true, Sequential: true}, classes: classes, settings: f, run: f.runFlags,
		checks: ksvc.CheckOptions{
			Classes: classesOf(f.A, f.B), ClientTimeout: f.ClientTimeout,
		},
		timeouts: ksvc.WatchOptions{ZeroTimeout: f.zeroTimeout()},
	})
	if err != nil {
		return "", err
	}
	return s.path, s.close(ctx, f.experiment(ctx, s))
}

func (f *abFlags) experiment(ctx context.Context, s *session) error {
	services := append(f.A.services(f.serviceFlags, s, record.VariantA, f.ServicesPerSide),
		f.B.services(f.serviceFlags, s, record.VariantB, f.ServicesPerSide)...)
	targets, err := s.deploy(ctx, services)
	if err != nil {
		return err
	}
	guard := s.newGuard(ctx, targets)
	defer guard.stop()
	log := newBlockLog(len(targets), f.MaxBlocks)
	cost := startCost(s.client)
	e := loadgen.Single{
		Client:  &loadgen.Client{Clock: s.clock, Timeout: f.ClientTimeout},
		Cluster: s.watch, Sink: s.writer, Targets: targets,
		Options: loadgen.SingleOptions{Iterations: f.MaxBlocks, Seed: f.seed, ZeroTimeout: f.zeroTimeout(), OffsetRequests: offsetRequests},
		Enough:  f.enough(s, log),
		OnTrial: cost.beginTrial,
		OnSample: func(done, _ int, sample record.Sample) {
			cost.endTrial()
			guard.release(sample.Key().Class())
			log.sample(done, sample)
		},
	}
	samples, err := e.Run(guard.ctx)
	if err := guard.reason(err); err != nil {
		return err
	}
	return errors.Join(s.tellCost(cost, len(samples)), s.digests())
}

// enough judges after each block what was measured until then, just as its file
// will be.
func (f *abFlags) enough(s *session, log *blockLog) func([]record.Sample) bool {
	end := time.Now().Add(f.Budget)
	return func(samples []record.Sample) bool {
		result, err := gate.JudgeAB(&record.Run{Header: s.header, Samples: samples}, gate.ABOptions{Tolerance: f.Tolerance, Interim: true})
		if err != nil {
			return false // the file's judgement will say it
		}
		log.block(result)
		return result.Verdict == gate.Pass || result.Verdict == gate.Fail || !time.Now().Before(end)
	}
}
