package output

import (
	"fmt"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
)

// ErrSeveral says that a format has no form for several runs.
var ErrSeveral = fmt.Errorf("%w: report the runs one by one", metric.ErrSeveral)

// Metrics are those of the run in the files.
func Metrics(r Runs) (*metric.Set, error) {
	s, err := r.Summary()
	if err != nil {
		return nil, err
	}
	set, err := metric.OfRun(s)
	if err != nil {
		return nil, ErrSeveral
	}
	return set, nil
}

func ofMetrics(write func(io.Writer, *metric.Set) error) func(io.Writer, Runs) error {
	return func(w io.Writer, r Runs) error {
		set, err := Metrics(r)
		if err != nil {
			return err
		}
		return write(w, set)
	}
}

func ofVerdict(write func(io.Writer, *metric.Set) error) func(io.Writer, Judged) error {
	return func(w io.Writer, j Judged) error {
		return write(w, metric.OfVerdict(j.Result, j.Summary, j.Inconclusive))
	}
}
