package output

import (
	"errors"
	"fmt"
	"io"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/metric"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// Runs are run files that are read as far as a format needs.
type Runs interface {
	// Summary reads the files without keeping the samples, of which there may be more
	// than fit into memory.
	Summary() (*analysis.Summary, error)
	// Runs reads the files with all their samples.
	Runs() ([]*record.Run, error)
	// Complete adds to a summary of the runs what is not in their files.
	Complete(*analysis.Summary) error
}

func ofSummary(write func(io.Writer, *analysis.Summary) error) func(io.Writer, Runs) error {
	return func(w io.Writer, r Runs) error {
		s, err := r.Summary()
		if err == nil {
			err = r.Complete(s)
		}
		if err != nil {
			return err
		}
		return write(w, s)
	}
}

// ofSamples is for formats that keep the runs apart, so that any runs may stand in
// them. A copy of a run must not.
func ofSamples(write func(io.Writer, ...*record.Run) error) func(io.Writer, Runs) error {
	return fromRuns(pool.Copies, write)
}

// ofRuns is for formats that pool the runs or lead their readers to do so.
func ofRuns(write func(io.Writer, ...*record.Run) error) func(io.Writer, Runs) error {
	return fromRuns(pool.Check, write)
}

// page is for the format that draws the runs and their summary.
func page(w io.Writer, r Runs) error {
	return ofRuns(func(w io.Writer, runs ...*record.Run) error {
		s := analysis.Summarise(runs...)
		if err := r.Complete(s); err != nil {
			return err
		}
		return report.HTML(w, s, runs...)
	})(w, r)
}

func fromRuns(check func(...record.Header) error, write func(io.Writer, ...*record.Run) error) func(io.Writer, Runs) error {
	return func(w io.Writer, r Runs) error {
		runs, err := r.Runs()
		if err != nil {
			return err
		}
		if err := check(pool.Headers(runs)...); err != nil {
			return fmt.Errorf("pool %d runs: %w", len(runs), err)
		}
		return write(w, runs...)
	}
}

// ErrWork is returned where a format has nothing for what programs measured.
var ErrWork = errors.New("the run is of work, which has neither cold starts nor loads: use text, json, markdown, html or a format of metrics")

// noWork has a format refuse runs of work.
func noWork(write func(io.Writer, ...*record.Run) error) func(io.Writer, ...*record.Run) error {
	return func(w io.Writer, runs ...*record.Run) error {
		for _, r := range runs {
			if r.Header.Shape.Work {
				return ErrWork
			}
		}
		return write(w, runs...)
	}
}

// noWorkIn is noWork of a summary.
func noWorkIn(write func(io.Writer, *analysis.Summary) error) func(io.Writer, *analysis.Summary) error {
	return func(w io.Writer, s *analysis.Summary) error {
		if s.Work != nil {
			return ErrWork
		}
		return write(w, s)
	}
}

func everything(w io.Writer, s *analysis.Summary) error {
	return endText(w, Ended{Summary: s, Phases: true, Timeline: true})
}

// Ended is a run at its end, and what its summary shows besides the latencies.
type Ended struct {
	Summary *analysis.Summary
	// Phases adds the tables of phases and of Knative's spans.
	Phases bool
	// Timeline adds a drawing of the phases.
	Timeline bool
}

func endText(w io.Writer, e Ended) error {
	err := errors.Join(report.Text(w, e.Summary), report.Histograms(w, e.Summary))
	if err == nil && e.Phases {
		err = errors.Join(report.Phases(w, e.Summary), report.Spans(w, e.Summary))
	}
	if err == nil && e.Timeline {
		err = report.Timeline(w, e.Summary)
	}
	return err
}

// Judged is a verdict and the runs that it is about.
type Judged struct {
	Result  *gate.Result
	Summary *analysis.Summary
	// Inconclusive is what an inconclusive verdict counts as; empty means itself.
	Inconclusive gate.Verdict
	// Labels are what its metrics have besides.
	Labels []metric.Label
}
