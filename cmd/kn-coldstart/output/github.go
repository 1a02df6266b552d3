package output

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// TellGitHub writes the verdict where GitHub Actions shows it: in the step's summary
// and as annotations. Elsewhere it does nothing; environment variables say where the
// program runs. The runner finds annotations in standard error as well as in standard output.
func TellGitHub(j Judged, annotations io.Writer) error {
	var errs []error
	if path := os.Getenv("GITHUB_STEP_SUMMARY"); path != "" {
		errs = append(errs, appendStepSummary(path, j))
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		errs = append(errs, report.Annotations(annotations, j.Result))
	}
	return errors.Join(errs...)
}

func appendStepSummary(path string, j Judged) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write step summary: %w", err)
	}
	return errors.Join(report.StepSummary(out, j.Result, j.Summary), out.Close())
}
