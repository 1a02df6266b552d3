package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// gateFlags are the options of gate.
type gateFlags struct {
	filename     string
	slo          []string
	baseline     []string
	against      againstFlags
	verdict      verdictFlags
	calibrate    bool
	worse, power string
}

const gateHelp = `gate judges run files, and its exit code is the verdict:

  0  pass          shown to be good enough
  3  fail          shown to be too slow, or slower than the baseline by more than the tolerance
  4  inconclusive  too few samples or runs to say, or no baseline
  5  invalid       the runs do not measure what was asked: not cold, too many failures, other conditions
  1, 2             gate itself failed, or was asked for what there is not: never a pass

--slo judges the pooled runs by confidence bounds: METRIC OPERATOR VALUE, for one class with "CLASS: " before it,
for a number of services that were fired together with "*/SERVICES: " or "CLASS/SERVICES: ".
  latency of cold starts   p(95)<2s  med<1s  min<1s  max<5s  avg<1s
  share of all requests    failed<1%  answered>=99%  cold>=99%
  instances of a round     spawned>=490

--baseline compares the runs with others. The unit of evidence is the run, not the request: 3 runs against 3 can
show a change of one percentile in one class, 4 against 4 that of two. Quote patterns, or the shell makes runs to
be judged of all files but the first. A pattern that matches nothing is no baseline: inconclusive.

A run of 'kn-coldstart ab' of which nothing else is asked is judged again as ab does, side b against side a.

-f reads the same from a file:

  slo:
    - p(95)<2s
    - "gvisor: p(95)<3s"
  regression:
    baseline: [results/baseline-*.jsonl]
    percentiles: [50, 95]
    tolerance: {share: 10%, absolute: 50ms}
    expected: [image, imageDigest]
  inconclusive: fail

Flags go over the file, but for --slo, which adds to it. On GitHub Actions the verdict is appended to the step's
summary and annotated.

--calibrate takes runs of the same thing, measures by how much they differ, and proposes how many runs and samples,
and what tolerance, find a change. Its exit code is 4 when no design does.`

func newGate() *cobra.Command {
	var f gateFlags
	cmd := &cobra.Command{
		Use:   "gate RUN...",
		Short: "Judge runs against thresholds and a baseline; the exit code is the verdict",
		Long:  gateHelp,
		Example: "  kn-coldstart gate results/RUN.jsonl --slo 'p(95)<2s' --slo 'gvisor: p(95)<3s' --slo 'cold>=99%'\n" +
			"  kn-coldstart gate results/new-*.jsonl --baseline 'results/baseline-*.jsonl' --expected image,imageDigest\n" +
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
	flags := cmd.Flags()
	flags.StringArrayVar(&f.slo, "slo", nil, "threshold, such as 'p(95)<2s' or 'gvisor: p(95)<3s'; repeatable")
	flags.StringArrayVar(&f.baseline, "baseline", nil, "run file to compare with, or a quoted pattern of them; repeatable")
	f.against.register(flags)
	flags.StringVarP(&f.filename, "filename", "f", "", "gate file")
	f.verdict.register(flags)
	flags.BoolVar(&f.calibrate, "calibrate", false, "measure the noise of runs of the same thing instead of judging")
	flags.StringVar(&f.worse, "worse", "25%", "change that the calibrated gate shall find")
	flags.StringVar(&f.power, "power", "80%", "how often the calibrated gate shall find it")
	return cmd
}

func (f *gateFlags) run(flags flagSet, args []string) error {
	if err := f.verdict.validate(); err != nil {
		return usage(err)
	}
	question, err := f.question(flags)
	if err != nil {
		return usage(err)
	}
	new, base, err := f.read(args, question)
	if err != nil {
		return err
	}
	result, err := f.judge(flags, question, new, base)
	if err != nil {
		return usage(err)
	}
	return f.verdict.tell(result, analysis.Summarise(new...), question.Inconclusive)
}

// judge answers the question. Of a run with two sides that nothing else is asked
// of, the question is how side b does against side a.
func (f *gateFlags) judge(flags flagSet, q *gate.File, new, base []*record.Run) (*gate.Result, error) {
	if len(q.Thresholds) == 0 && q.Regression == nil {
		return f.judgeSides(flags, new)
	}
	if err := f.against.apply(flags, q.Regression); err != nil {
		return nil, err
	}
	result, err := gate.Judge(new, base, q.Thresholds, q.Regression)
	if err != nil {
		return nil, withHint(err, "'kn-coldstart report' shows what each run has")
	}
	return result, nil
}

func (f *gateFlags) judgeSides(flags flagSet, runs []*record.Run) (*gate.Result, error) {
	if !gate.IsAB(runs[0]) {
		return nil, withHint(errors.New("gate was asked nothing"), "give --slo 'p(95)<2s', --baseline FILE or -f gate.yaml")
	}
	if len(runs) > 1 {
		return nil, withHint(errors.New("the sides of several runs cannot be judged together"), "give one run of 'kn-coldstart ab', or ask with --slo or --baseline")
	}
	for _, name := range []string{"percentile", "expected", "force"} {
		if flags.Changed(name) {
			return nil, fmt.Errorf("--%s is about a baseline: give --baseline too", name)
		}
	}
	tolerance, err := gate.RecordedTolerance(runs[0].Header)
	if err == nil && flags.Changed("tolerance") {
		tolerance, err = f.against.parseTolerance()
	}
	if err != nil {
		return nil, err
	}
	return gate.JudgeAB(runs[0], gate.ABOptions{Tolerance: tolerance})
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
	for _, text := range f.slo {
		t, err := gate.ParseThreshold(text)
		if err != nil {
			return nil, withHint(err, "quote it: the shell reads < and ( otherwise; 'kn-coldstart gate --help' lists the metrics")
		}
		q.Thresholds = append(q.Thresholds, t)
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

func (f *gateFlags) readFile() (*gate.File, error) {
	if f.filename == "" {
		return &gate.File{}, nil
	}
	data, err := os.ReadFile(f.filename)
	if err != nil {
		return nil, fmt.Errorf("read gate file: %w", err)
	}
	return gate.ParseFile(f.filename, data)
}

// read reads the runs that are judged, and the baseline.
func (f *gateFlags) read(args []string, q *gate.File) (new, base []*record.Run, err error) {
	paths, err := runFiles(args...)
	if err != nil {
		return nil, nil, usage(err)
	}
	var basePaths []string
	for _, argument := range q.Baseline {
		found, err := matches(argument)
		if err != nil {
			return nil, nil, usage(err)
		}
		if len(found) == 0 {
			sayWarning("no file matches %s: there is no baseline in it", argument)
		}
		basePaths = append(basePaths, found...)
	}
	if new, err = readRuns(paths); err != nil {
		return nil, nil, err
	}
	if base, err = readRuns(basePaths); err != nil {
		return nil, nil, err
	}
	if err = distinct(new, base); err == nil && q.Regression != nil {
		saySides(len(new), len(base))
	}
	return new, base, err
}
