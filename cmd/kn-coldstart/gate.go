package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// gateFlags are the options of gate.
type gateFlags struct {
	filename     string
	slo          []string
	baseline     []string
	inconclusive string
	against      againstFlags
	output       string
	junit        string
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
	flags.StringVar(&f.inconclusive, "inconclusive", "", "what inconclusive counts as, pass or fail (default: exit code 4)")
	flags.StringVarP(&f.output, "output", "o", "text", "text, json or markdown")
	flags.StringVar(&f.junit, "junit", "", "file for the verdict as JUnit XML")
	flags.BoolVar(&f.calibrate, "calibrate", false, "measure the noise of runs of the same thing instead of judging")
	flags.StringVar(&f.worse, "worse", "25%", "change that the calibrated gate shall find")
	flags.StringVar(&f.power, "power", "80%", "how often the calibrated gate shall find it")
	return cmd
}

func (f *gateFlags) run(flags flagSet, args []string) error {
	draw, err := f.drawing()
	if err != nil {
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
	result, err := gate.Judge(new, base, question.Thresholds, question.Regression)
	if err != nil {
		return usage(withHint(err, "'kn-coldstart report' shows what each run has"))
	}
	summary := analysis.Summarise(new...)
	if err := draw(os.Stdout, result, summary, question.Inconclusive); err != nil {
		return err
	}
	if err := errors.Join(f.writeJUnit(result), tellGitHub(result, summary)); err != nil {
		return err
	}
	sayVerdict(result, question.Inconclusive)
	return codeOf(result.ExitCode(question.Inconclusive))
}

// codeOf makes the process exit with a verdict's code.
func codeOf(code int) error {
	if code == gate.ExitPass {
		return nil
	}
	return &verdictError{code}
}

type drawVerdict func(io.Writer, *gate.Result, *analysis.Summary, gate.Verdict) error

func (f *gateFlags) drawing() (drawVerdict, error) {
	switch f.output {
	case "text":
		return func(w io.Writer, r *gate.Result, _ *analysis.Summary, _ gate.Verdict) error {
			return report.Verdict(w, r)
		}, nil
	case "json":
		return func(w io.Writer, r *gate.Result, _ *analysis.Summary, inconclusive gate.Verdict) error {
			return report.VerdictJSON(w, r, inconclusive)
		}, nil
	case "markdown":
		return func(w io.Writer, r *gate.Result, s *analysis.Summary, _ gate.Verdict) error {
			return report.StepSummary(w, r, s)
		}, nil
	}
	return nil, fmt.Errorf("unknown --output %q: use text, json or markdown", f.output)
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
		if q.Inconclusive, err = gate.ParseInconclusive(f.inconclusive); err != nil {
			return nil, fmt.Errorf("--%w", err)
		}
	}
	if len(q.Thresholds) == 0 && q.Regression == nil {
		return nil, withHint(errors.New("gate was asked nothing"), "give --slo 'p(95)<2s', --baseline FILE or -f gate.yaml")
	}
	return q, f.against.apply(flags, q.Regression)
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

func (f *gateFlags) writeJUnit(r *gate.Result) error {
	if f.junit == "" {
		return nil
	}
	out, err := os.Create(f.junit)
	if err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return errors.Join(report.JUnit(out, r), out.Close())
}
