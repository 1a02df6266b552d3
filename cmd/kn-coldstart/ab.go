package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// abFlags are the options of ab.
type abFlags struct {
	runFlags
	experiment experiment.AB
	both       record.Side
	a, b       []string
	judged     againstFlags
	verdict    verdictFlags
}

const abHelp = `ab measures two sides in turns, block by block: a cold start of each, in random order, so that whatever drifts
on the machine is the same for both. Side a is the baseline, b the change. They are the same but for what --a and --b
say: runtime-class=NAME, image=IMAGE, env=NAME=VALUE, request=cpu=100m, limit=memory=64Mi, as often as needed. A side
may also be a file with a Knative Service: --a main.yaml --b pr.yaml.

After every block it asks whether it knows enough, and ends as soon as it does; its exit code is the verdict:

  0  pass          b is shown to be slower by less than the tolerance, if at all, and not to fail more often
  3  fail          b is shown to be slower, and by more than the tolerance; or to fail more often
  4  inconclusive  neither could be shown within --max-blocks and --budget
  5  invalid       the samples do not measure it: not cold, too many failures, a late client, a run that did not end
  1, 2             ab itself failed (1), or the command line makes no sense (2): never a pass

Three things are compared, and all have to pass: the median, the 95th percentile (--percentile chooses others), and
how often the sides fail. A start that failed is slower than any that was answered. If both sides are the same, b fails
with a chance of 5 % at most, however often one looks; a b that is slower by the tolerance passes with 5 % at most.

A block is 2 cold starts. For a class that varies by 15 %, a change of +25 % is found after about 14 blocks. To pass
takes longer, because it must be shown that nothing is worse: about 175 blocks, 400 in one run of ten. With
--percentile 50 it is about 70 blocks, most of them to show that b fails in at most 5 % more of the blocks.

ab measures cold starts alone. For loads, make runs of 'kn-coldstart load' of both versions in turn, at least 5 of
each, and ask 'kn-coldstart gate NEW... --baseline OLD...'.

'kn-coldstart gate RUN' judges the run file again and says the same; 'kn-coldstart report RUN' shows the rest.`

func newAB() *cobra.Command { return abOf(nil) }

// abOf is ab as a part of a scenario, or by itself.
func abOf(p *part) *cobra.Command {
	f := &abFlags{}
	f.part, f.verdict.part = p, p
	e := &f.experiment
	e.Service = experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: 100 * time.Second}
	cmd := &cobra.Command{
		Use:   "ab",
		Short: "Measure two sides in turns until it is known whether b is slower; the exit code is the verdict",
		Long:  abHelp,
		Example: "  kn-coldstart ab --runtime-class runc --a image=registry.example/fn:main --b image=registry.example/fn:pr\n" +
			"  kn-coldstart ab --a runtime-class=runc --b runtime-class=crun --image registry.example/fn:v1\n" +
			"  kn-coldstart ab --runtime-class gvisor --b env=GOGC=off --b limit=memory=128Mi --tolerance 5%,20ms\n" +
			"  kn-coldstart ab --runtime-class runc --a main.yaml --b pr.yaml\n" +
			"  kn-coldstart ab --runtime-class runc --budget 5m --inconclusive pass --junit verdict.xml",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.runFlags.register(flags, &e.Setup, "the sides")
	refuseExisting(flags, "ab creates the services of both sides; measure existing ones in turns with 'kn-coldstart single --service A --service B', or copies of them with --a FILE and --b FILE")
	flags.StringArrayVar(&f.a, "a", nil, "what side a, the baseline, has of its own, as NAME=VALUE, or the FILE of its Knative Service; repeatable")
	flags.StringArrayVar(&f.b, "b", nil, "what side b, the change, has of its own; repeatable")
	flags.StringVar(&f.both.RuntimeClass, "runtime-class", "", "RuntimeClass of both sides (default: "+templates.DefaultClass+", which is the cluster's default runtime)")
	flags.StringVar(&f.both.Image, "image", "", "image of both sides (default on the embedded node: "+nodeImage+",\nand for "+wasmClass+" "+wasmImage+")")
	flags.IntVar(&e.MaxBlocks, "max-blocks", 500, "blocks after which to give up")
	flags.DurationVar(&e.Budget, "budget", 15*time.Minute, "time after which to give up, once the services are there")
	flags.IntVar(&e.ServicesPerSide, "services-per-side", 0, "services of each side that take turns (default: enough not to wait for zero, 12 at most)")
	f.judged.registerChange(flags)
	f.verdict.register(flags)
	return cmd
}

func (f *abFlags) run(cmd *cobra.Command) error {
	inconclusive, err := f.prepare(cmd.Flags())
	if err != nil {
		return usage(err)
	}
	if f.experiment.Same() && !f.part.isDry() {
		sayWarning("the sides are the same: this shows what the gate makes of noise")
	}
	log := newBlockLog(f.experiment.MaxBlocks)
	f.experiment.Enough = f.enough(log)
	path, err := f.measure(cmd, &f.experiment, log)
	if path != "" {
		sayFiles(path, "")
	}
	if err != nil {
		return err
	}
	return f.judge(path, inconclusive)
}

// prepare fills in the experiment, and reads what an inconclusive verdict counts as.
func (f *abFlags) prepare(flags flagSet) (inconclusive gate.Verdict, err error) {
	e := &f.experiment
	asked := gate.ABOptions{Quantiles: gate.DefaultQuantiles(), Tolerance: gate.DefaultTolerance}
	if err := f.judged.applyAB(flags, &asked); err != nil {
		return "", err
	}
	e.Tolerance, e.Percentiles = asked.Tolerance, gate.Percentiles(asked.Quantiles)
	if flags.Changed("inconclusive") {
		if inconclusive, err = f.verdict.parseInconclusive(); err != nil {
			return "", err
		}
	}
	if err := f.verdict.prepare(f.inputs()...); err != nil {
		return "", err
	}
	if err := f.sides(flags, f.cluster.locate()); err != nil {
		return "", err
	}
	return inconclusive, f.complete(flags, e, &e.Setup)
}

// inputs is the run file, which the verdict is read from.
func (f *abFlags) inputs() []string {
	if f.experiment.RunFile == "" {
		return nil
	}
	return []string{f.experiment.RunFile}
}

// sides makes the sides of what both have and what each has of its own.
func (f *abFlags) sides(flags flagSet, embedded bool) error {
	e, both := &f.experiment, f.both
	written, err := f.readFile(flags, &e.Service)
	if err != nil {
		return err
	}
	both.Env, both.Requests, both.Limits = e.Service.Env, e.Service.Requests, e.Service.Limits
	file := e.Service.Manifest
	if e.A, e.ManifestA, err = sideWith(both, embedded, file, written, "a", f.a); err != nil {
		return err
	}
	e.B, e.ManifestB, err = sideWith(both, embedded, file, written, "b", f.b)
	return err
}

// judge reads what was measured from its file, as everything else does.
func (f *abFlags) judge(path string, inconclusive gate.Verdict) error {
	run, err := record.ReadFile(path)
	if err != nil {
		return err
	}
	options, err := gate.RecordedAB(run.Header)
	if err != nil {
		return err
	}
	result, err := gate.JudgeAB(run, options)
	if err != nil {
		return err
	}
	return f.verdict.tell(result, analysis.Summarise(run), inconclusive)
}

// enough judges after each block what was measured until then, just as its file will
// be.
func (f *abFlags) enough(log *blockLog) func(*record.Run) bool {
	return func(run *record.Run) bool {
		options, err := gate.RecordedAB(run.Header)
		if err != nil {
			return false // the judgement of the file will say it
		}
		options.Interim = true
		result, err := gate.JudgeAB(run, options)
		if err != nil {
			return false // the judgement of the file will say it
		}
		log.block(result)
		return result.Verdict == gate.Pass || result.Verdict == gate.Fail
	}
}
