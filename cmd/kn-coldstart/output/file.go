package output

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// WriteHDRLog writes the runs' latencies to a file as an HDR histogram log. An empty
// path means that none is wanted.
func WriteHDRLog(path string, runs ...*record.Run) error {
	return writeFile(path, "histogram log", func(w io.Writer) error { return report.HDRLog(w, runs...) })
}

// WriteJUnit writes the verdict to a file as JUnit XML. An empty path means that none
// is wanted.
func WriteJUnit(path string, r *gate.Result) error {
	return writeFile(path, "JUnit XML", func(w io.Writer) error { return report.JUnit(w, r) })
}

func writeFile(path, what string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return errors.Join(write(out), out.Close())
}
