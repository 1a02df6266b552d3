package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
)

// outputFlags say what a run prints when it ends. All of it is read from the run file.
type outputFlags struct {
	format   string
	phases   bool
	timeline bool
	hlog     string
	// published adds figures of the studies.
	published bool
	part      *part
}

func (f *outputFlags) register(flags *pflag.FlagSet) {
	f.registerFormat(flags)
	flags.BoolVar(&f.phases, "phases", false, "also print the tables of phases and of Knative's spans")
	flags.BoolVar(&f.timeline, "timeline", false, "also draw the phases as a timeline")
	flags.StringVar(&f.hlog, "hlog", "", "file for an HDR histogram log with one histogram for each class, and for each second of a load")
}

// registerFormat registers those of a run that has no cold starts to show.
func (f *outputFlags) registerFormat(flags *pflag.FlagSet) {
	output.Register(flags, &f.format, output.RunEnd)
}

func (f *outputFlags) validate(runFile string) error {
	if _, err := output.RunEnd.Find(f.format); err != nil {
		return err
	}
	if runFile == "-" && f.format == "json" {
		return errors.New("--run-file - and --output json would both write to standard output")
	}
	if runFile == "" || runFile == "-" {
		return f.part.prepare(f.hlog, "histogram log")
	}
	return f.part.prepare(f.hlog, "histogram log", runFile)
}

// print shows what the run file says. A run file that went to standard output has
// been shown already, and a run that ended before it began one, whose path is empty,
// has nothing to show.
func (f *outputFlags) print(runFile string) error {
	if runFile == "" || runFile == "-" {
		return nil
	}
	run, err := record.ReadFile(runFile)
	if err != nil {
		return err
	}
	format, err := output.RunEnd.Find(f.format)
	if err != nil {
		return err
	}
	summary := analysis.Summarise(run)
	if f.published {
		summary.AddPublished()
	}
	err = format.Write(f.part.stdout(), output.Ended{Summary: summary, Phases: f.phases, Timeline: f.timeline})
	if err == nil {
		err = output.WriteHDRLog(f.hlog, run)
	}
	sayFiles(runFile, f.hlog)
	return err
}

// verdictFlags say how a verdict is told.
type verdictFlags struct {
	output       string
	junit        string
	inconclusive string
	metric       metricFlags
	labels       []metric.Label
	part         *part
}

func (f *verdictFlags) register(flags *pflag.FlagSet) {
	output.Register(flags, &f.output, output.Verdict)
	f.registerRest(flags)
}

// registerRest registers all flags but -o, for a command that has other results too.
func (f *verdictFlags) registerRest(flags *pflag.FlagSet) {
	flags.StringVar(&f.inconclusive, "inconclusive", "", "what an inconclusive verdict counts as, pass or fail (default: itself, exit code 4)")
	flags.StringVar(&f.junit, "junit", "", "file for the verdict as JUnit XML")
	f.metric.register(flags)
}

// prepare checks the flags, and that the files that are written are none of those that
// are read. It comes before anything is judged.
func (f *verdictFlags) prepare(inputs ...string) (err error) {
	if _, err := output.Verdict.Find(f.output); err != nil {
		return err
	}
	if f.labels, err = f.metric.parse(f.output, false); err != nil {
		return err
	}
	return f.part.prepare(f.junit, "JUnit XML", inputs...)
}

func (f *verdictFlags) parseInconclusive() (gate.Verdict, error) {
	v, err := gate.ParseInconclusive(f.inconclusive)
	if err != nil {
		return v, fmt.Errorf("--%w", err)
	}
	return v, nil
}

// tell writes the verdict to every place that is to have it. Its error makes the
// process end with the verdict's exit code.
func (f *verdictFlags) tell(r *gate.Result, s *analysis.Summary, inconclusive gate.Verdict) error {
	format, err := output.Verdict.Find(f.output)
	if err != nil {
		return usage(err)
	}
	j := output.Judged{Result: r, Summary: s, Inconclusive: inconclusive, Labels: f.labels}
	var none *output.MetricsError
	if err := format.Write(f.part.stdout(), j); errors.As(err, &none) {
		return usage(err)
	} else if err != nil {
		return err
	}
	if err := errors.Join(output.WriteJUnit(f.junit, j), output.TellGitHub(j, stderr.annotations())); err != nil {
		return err
	}
	f.part.judged(r)
	sayVerdict(r, inconclusive)
	return codeOf(r.ExitCode(inconclusive))
}

// codeOf makes the process exit with a verdict's code.
func codeOf(code int) error {
	if code == gate.ExitPass {
		return nil
	}
	return &verdictError{code}
}
