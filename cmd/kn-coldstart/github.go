package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// tellGitHub writes what GitHub Actions shows of a step, where its environment
// variables say that this is one. Annotations go to standard error, which the
// runner reads as it reads standard output, so that a result that is piped on
// stays what it is.
func tellGitHub(r *gate.Result, s *analysis.Summary) error {
	var errs []error
	if path := os.Getenv("GITHUB_STEP_SUMMARY"); path != "" {
		errs = append(errs, appendStepSummary(path, r, s))
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		errs = append(errs, report.Annotations(os.Stderr, r))
	}
	return errors.Join(errs...)
}

func appendStepSummary(path string, r *gate.Result, s *analysis.Summary) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write step summary: %w", err)
	}
	return errors.Join(report.StepSummary(out, r, s), out.Close())
}
