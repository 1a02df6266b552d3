package output

import (
	"fmt"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Labelled are runs whose metrics have labels that the user gave them.
type Labelled struct {
	Of     Runs
	Labels []metric.Label
}

// Summary implements Runs.
func (l Labelled) Summary() (*analysis.Summary, error) { return l.Of.Summary() }

// Runs implements Runs.
func (l Labelled) Runs() ([]*record.Run, error) { return l.Of.Runs() }

// Complete implements Runs.
func (l Labelled) Complete(s *analysis.Summary) error { return l.Of.Complete(s) }

// MetricsError says that there can be no such metrics of the runs.
type MetricsError struct{ error }

func (e *MetricsError) Unwrap() error { return e.error }

// Metrics are those of the run in the files. Its error is a *MetricsError, unless the
// files cannot be read.
func Metrics(r Runs) (*metric.Set, error) {
	s, err := r.Summary()
	if err != nil {
		return nil, err
	}
	set, err := metric.OfRun(s)
	if err != nil {
		return nil, &MetricsError{fmt.Errorf("%w: report the runs one by one", err)}
	}
	if l, ok := r.(Labelled); ok {
		err = set.Label(l.Labels...)
	}
	if err != nil {
		return nil, &MetricsError{err}
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
		set := metric.OfVerdict(j.Result, j.Summary, j.Inconclusive)
		if err := set.Label(j.Labels...); err != nil {
			return &MetricsError{err}
		}
		return write(w, set)
	}
}
