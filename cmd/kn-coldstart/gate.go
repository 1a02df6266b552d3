package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/runfile"
)

// gateFlags are the options of gate.
type gateFlags struct {
	filename  string
	slo       []string
	baseline  []string
	last      int
	against   againstFlags
	verdict   verdictFlags
	calibrate bool
	// allowIncomplete judges runs that did not complete.
	allowIncomplete bool
	worse, power    string
}

var gateHelp = `gate gives a verdict on run files, and its exit code is the verdict:

  0  pass          shown to be good enough
  3  fail          shown to be too slow, or slower than the baseline by more than the tolerance
  4  inconclusive  too few samples or runs to say, or no baseline
  5  invalid       the runs do not measure what they should: not cold, too many failures, other conditions
  1, 2             gate itself failed (1), or the question makes no sense (2): never a pass

--slo sets a threshold for the pooled runs: METRIC OPERATOR VALUE. The confidence bound must keep it, not just the
observed value. "CLASS: " before it limits it to one class, "*/SERVICES: " to rounds of that many services, and
"CLASS/SERVICES: " to both.
` + gate.MetricsHelp() + `
--baseline compares the runs with earlier ones. Of a folder it takes the last 10 runs (--last) that came to their end,
measured the same thing and did not begin later than the runs that are judged, and says which. What counts as
evidence is the number of runs, not of requests: 3 runs on each side can show a change of one percentile in one
class, 4 runs on each side can show two. Of a load, which is one observation however many requests it has, these are
compared: percentiles of all its requests, how many of them failed, the time until it had recovered, and its
instance-seconds. It takes 5 runs on each side to show a change of one of them. Of services that were deployed in
rounds, the percentiles until they were ready, routable, and gone are compared as well. Quote a pattern: otherwise the
shell expands it, and all files but the first become runs to be judged. A pattern that matches nothing is no baseline,
and the verdict is inconclusive.

If you give one run of 'kn-coldstart ab' and ask nothing else, gate judges it again as ab does: side b against side a.

-f reads the same questions from a file:

  slo:
    - p(95)<2s
    - "gvisor: p(95)<3s"
  regression:
    baseline: [results/baseline-*.jsonl]   # or a folder, and last: 10
    percentiles: [50, 95]
    tolerance: {share: 10%, absolute: 50ms}
    expected: [image, imageDigest]
  inconclusive: fail

Its baselines are relative to the working directory, and in a scenario to the folder of the gate file. A flag overrules
the file, except --slo, which adds to it. On GitHub Actions the verdict also appears as annotations and in the step's
summary.

--calibrate takes runs of the same thing and measures how much they differ. It proposes how many runs and samples, and
which tolerance, will find a change. Its exit code is 4 if no design finds it.`

func newGate() *cobra.Command { return new(gateFlags).command() }

func (f *gateFlags) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gate RUN...",
		Short: "Judge runs against thresholds and a baseline; the exit code is the verdict",
		Long:  gateHelp,
		Example: "  kn-coldstart gate results/RUN.jsonl --slo 'p(95)<2s' --slo 'gvisor: p(95)<3s' --slo 'cold>=99%'\n" +
			"  kn-coldstart gate results/new-*.jsonl --baseline 'results/baseline-*.jsonl' --expected image,imageDigest\n" +
			"  kn-coldstart gate results/new-*.jsonl --baseline results/main\n" +
			"  kn-coldstart gate results/new-load-*.jsonl --baseline 'results/load-*.jsonl' --percentile 99\n" +
			"  kn-coldstart gate results/new-*.jsonl -f gate.yaml --junit verdict.xml\n" +
			"  kn-coldstart gate --calibrate results/same-*.jsonl --worse 25%",
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.calibrate {
				return f.runCalibration(cmd.Flags(), args)
			}
			return f.run(cmd.Flags(), args)
		},
	}
	f.register(cmd.Flags())
	return cmd
}

func (f *gateFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.slo, "slo", nil, "threshold, such as 'p(95)<2s' or 'gvisor: p(95)<3s'; repeatable")
	flags.StringArrayVar(&f.baseline, "baseline", nil, "run file to compare with, a quoted pattern of run files, or a folder; repeatable")
	flags.IntVar(&f.last, "last", gate.DefaultLast, "how many runs --baseline takes from a folder, the latest ones")
	f.against.register(flags)
	flags.StringVarP(&f.filename, "filename", "f", "", "gate file")
	f.verdict.registerRest(flags)
	output.Register(flags, &f.verdict.output, output.Verdict, output.Calibration)
	flags.BoolVar(&f.allowIncomplete, "allow-incomplete", false, "judge runs that failed, were interrupted or were cut off, or whose files are damaged")
	flags.BoolVar(&f.calibrate, "calibrate", false, "measure how much runs of the same thing differ, instead of judging")
	flags.StringVar(&f.worse, "worse", "25%", "size of the change that the proposed gate is to find")
	flags.StringVar(&f.power, "power", "80%", "how often the proposed gate is to find it")
}

func (f *gateFlags) run(flags flagSet, args []string) error {
	if err := f.verdict.prepare(f.inputs(args)...); err != nil {
		return usage(err)
	}
	question, err := f.question(flags)
	if err != nil {
		return usage(err)
	}
	new, base, choice, err := f.read(args, question)
	if err != nil {
		return usage(err)
	}
	result, err := f.judge(flags, question, new, base)
	if err != nil {
		return usage(err)
	}
	result.Baseline = choice
	return f.verdict.tell(result, analysis.Summarise(new...), question.Inconclusive)
}

// check finds fault with what is asked of a run of an experiment, as far as that can be done
// before there is one. sides says that the run will have two.
func (f *gateFlags) check(flags flagSet, sides bool) error {
	if err := f.verdict.prepare(f.inputs(nil)...); err != nil {
		return err
	}
	q, err := f.question(flags)
	if err != nil {
		return err
	}
	if len(q.Thresholds) > 0 || q.Regression != nil {
		return f.against.apply(flags, q.Regression)
	}
	if !sides {
		return errAskedNothing
	}
	return errors.Join(f.noBaseline(flags), f.against.applyAB(flags, &gate.ABOptions{}))
}

// errAskedNothing is returned where there is nothing to judge by.
var errAskedNothing = withHint(errors.New("gate was asked nothing"), "give --slo 'p(95)<2s', --baseline FILE or -f gate.yaml")

// judge answers the question. If nothing is asked about a run with two sides, the
// question is how side b does against side a.
func (f *gateFlags) judge(flags flagSet, q *gate.File, new, base []*record.Run) (*gate.Result, error) {
	if len(q.Thresholds) == 0 && q.Regression == nil {
		return f.judgeSides(flags, new)
	}
	if err := f.against.apply(flags, q.Regression); err != nil {
		return nil, err
	}
	result, err := q.Judge(new, base)
	if err != nil {
		return nil, withHint(err, "'kn-coldstart report' shows what each run has")
	}
	return result, nil
}

func (f *gateFlags) judgeSides(flags flagSet, runs []*record.Run) (*gate.Result, error) {
	if !gate.IsAB(runs[0]) {
		return nil, errAskedNothing
	}
	if len(runs) > 1 {
		return nil, withHint(errors.New("the sides of several runs cannot be judged together"), "give one run of 'kn-coldstart ab', or ask with --slo or --baseline")
	}
	if err := f.noBaseline(flags); err != nil {
		return nil, err
	}
	o, err := gate.RecordedAB(runs[0].Header)
	if err != nil {
		return nil, err
	}
	if err := f.against.applyAB(flags, &o); err != nil {
		return nil, err
	}
	o.AllowIncomplete = f.allowIncomplete
	return gate.JudgeAB(runs[0], o)
}

// noBaseline refuses what makes no sense without a baseline.
func (*gateFlags) noBaseline(flags flagSet) error {
	for _, name := range []string{"expected", "force"} {
		if flags.Changed(name) {
			return fmt.Errorf("--%s is about a baseline: give --baseline too", name)
		}
	}
	return nil
}

// question is what the gate file and the flags ask for together.
func (f *gateFlags) question(flags flagSet) (*gate.File, error) {
	for _, name := range []string{"worse", "power"} {
		if flags.Changed(name) {
			return nil, fmt.Errorf("--%s is about --calibrate: give that too", name)
		}
	}
	q, err := f.readFile()
	if err != nil {
		return nil, err
	}
	q.AllowIncomplete = q.AllowIncomplete || f.allowIncomplete
	for _, text := range f.slo {
		t, err := gate.ParseSLO(text)
		if err != nil {
			return nil, withHint(err, "in a shell, quote it, because < and ( mean something there; 'kn-coldstart gate --help' lists the metrics")
		}
		q.Thresholds = append(q.Thresholds, t)
	}
	if err := f.setLast(flags, q); err != nil {
		return nil, err
	}
	if len(f.baseline) > 0 {
		q.Baseline = f.baseline
		if q.Regression == nil {
			q.Regression = &gate.Options{}
		}
	}
	if flags.Changed("inconclusive") {
		if q.Inconclusive, err = f.verdict.parseInconclusive(); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// inputs are the files that the command line names.
func (f *gateFlags) inputs(args []string) []string {
	paths := []string{f.filename}
	for _, argument := range append(slices.Clone(args), f.baseline...) {
		found, err := runfile.Match(argument)
		if runfile.IsFolder(argument) {
			found, err = runfile.InFolder(argument)
		}
		if err == nil { // the reader reports it
			paths = append(paths, found...)
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" || path == "-" })
}

func (f *gateFlags) readFile() (*gate.File, error) {
	if f.filename == "" {
		return &gate.File{}, nil
	}
	data, err := os.ReadFile(f.filename)
	if err != nil {
		return nil, fmt.Errorf("read gate file: %w", err)
	}
	q, err := gate.ParseFile(f.filename, data)
	if err == nil && f.verdict.part != nil {
		q.Baseline = nextTo(f.filename, q.Baseline)
	}
	return q, err
}

// nextTo are paths in a gate file that are relative to its folder, as all paths of a
// scenario are. A gate by itself takes them from the working directory, as the shell does.
func nextTo(file string, paths []string) []string {
	var all []string
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		all = append(all, path)
	}
	return all
}

// runCalibration is gate --calibrate.
func (f *gateFlags) runCalibration(flags flagSet, args []string) error {
	format, err := output.Calibration.Find(f.verdict.output)
	if err != nil {
		return usage(err)
	}
	goal, options, err := f.goal(flags)
	if err != nil {
		return usage(err)
	}
	files, err := runfile.Find(args...)
	if err != nil {
		return usage(err)
	}
	sets, err := runfile.ReadDistinct(files)
	if err != nil {
		return usage(err)
	}
	c, err := gate.Calibrate(sets[0], goal, options)
	if err != nil {
		return usage(withHint(err, "give three or more runs of the same thing, with enough samples for the percentiles"))
	}
	if err := format.Write(os.Stdout, c); err != nil {
		return err
	}
	if !c.Reached {
		return codeOf(gate.ExitInconclusive)
	}
	return nil
}

// goal reads what a calibration is for. Flags that ask for a verdict make no sense
// beside it.
func (f *gateFlags) goal(flags flagSet) (goal gate.Goal, o gate.Options, err error) {
	for _, name := range []string{"slo", "baseline", "filename", "inconclusive", "junit", "metric-label"} {
		if flags.Changed(name) {
			return goal, o, fmt.Errorf("--calibrate judges nothing: --%s contradicts it", name)
		}
	}
	if goal.Worse, err = share("worse", f.worse); err != nil {
		return goal, o, err
	}
	if goal.Power, err = share("power", f.power); err != nil {
		return goal, o, err
	}
	err = f.against.apply(flags, &o)
	return goal, o, err
}
