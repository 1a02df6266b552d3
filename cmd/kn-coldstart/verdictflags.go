package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// verdictFlags say how a verdict is told.
type verdictFlags struct {
	output       string
	junit        string
	inconclusive string
}

func (f *verdictFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.inconclusive, "inconclusive", "", "what inconclusive counts as, pass or fail (default: exit code 4)")
	flags.StringVarP(&f.output, "output", "o", "text", "text, json or markdown")
	flags.StringVar(&f.junit, "junit", "", "file for the verdict as JUnit XML")
}

type drawVerdict func(io.Writer, *gate.Result, *analysis.Summary, gate.Verdict) error

// verdictFormats draw a verdict, by the name that -o takes.
var verdictFormats = map[string]drawVerdict{
	"text": func(w io.Writer, r *gate.Result, _ *analysis.Summary, _ gate.Verdict) error {
		return report.Verdict(w, r)
	},
	"json": func(w io.Writer, r *gate.Result, _ *analysis.Summary, inconclusive gate.Verdict) error {
		return report.VerdictJSON(w, r, inconclusive)
	},
	"markdown": func(w io.Writer, r *gate.Result, s *analysis.Summary, _ gate.Verdict) error {
		return report.StepSummary(w, r, s)
	},
}

func (f *verdictFlags) validate() error {
	if verdictFormats[f.output] == nil {
		return fmt.Errorf("unknown --output %q: use text, json or markdown", f.output)
	}
	return nil
}

func (f *verdictFlags) parseInconclusive() (gate.Verdict, error) {
	v, err := gate.ParseInconclusive(f.inconclusive)
	if err != nil {
		return v, fmt.Errorf("--%w", err)
	}
	return v, nil
}

// tell says the verdict everywhere it is to be said, and returns what makes its
// exit code the process's.
func (f *verdictFlags) tell(r *gate.Result, s *analysis.Summary, inconclusive gate.Verdict) error {
	if err := verdictFormats[f.output](os.Stdout, r, s, inconclusive); err != nil {
		return err
	}
	if err := errors.Join(f.writeJUnit(r), tellGitHub(r, s)); err != nil {
		return err
	}
	sayVerdict(r, inconclusive)
	return codeOf(r.ExitCode(inconclusive))
}

func (f *verdictFlags) writeJUnit(r *gate.Result) error {
	if f.junit == "" {
		return nil
	}
	out, err := os.Create(f.junit)
	if err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return errors.Join(report.JUnit(out, r), out.Close())
}

// codeOf makes the process exit with a verdict's code.
func codeOf(code int) error {
	if code == gate.ExitPass {
		return nil
	}
	return &verdictError{code}
}
