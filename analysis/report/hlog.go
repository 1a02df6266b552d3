package report

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/hist"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
)

// HDRLog writes the response latencies of the samples in the quantiles as a
// HdrHistogram log. It has one histogram for each class and number of services of each
// run, tagged with both, and one for each second of a load, which has its latencies from
// when requests were due. A start that timed out or failed is at the top of the range,
// an hour, and comments in the log count them.
func HDRLog(w io.Writer, runs ...*record.Run) error {
	var all []*hist.Histogram
	started := time.Time{}
	for _, run := range runs {
		if started.IsZero() || run.Header.Started.Before(started) {
			started = run.Header.Started
		}
		histograms, err := histograms(run)
		if err != nil {
			return fmt.Errorf("make histograms of run %s: %w", run.Header.RunID, err)
		}
		seconds, err := secondsOf(run)
		if err != nil {
			return fmt.Errorf("make histograms of run %s: %w", run.Header.RunID, err)
		}
		all = append(slices.Concat(all, histograms), seconds...)
	}
	return hist.WriteLog(w, started, all...)
}

// secondsOf are a histogram for each second of each load, with its own interval.
func secondsOf(run *record.Run) ([]*hist.Histogram, error) {
	var all []*hist.Histogram
	for i := range run.Intervals {
		second := &run.Intervals[i]
		tag := oneWord(second.Key().String())
		h, err := hist.New(tag)
		if second.Latencies != "" {
			h, err = hist.Decode(tag, second.Latencies, int64(second.Answered))
		}
		if err != nil {
			return nil, fmt.Errorf("second %d of %s: %w", second.Second, second.Key(), err)
		}
		h.Start = run.Header.Started.Add(second.At)
		h.End = h.Start.Add(time.Second)
		for range second.Failures() + second.Dropped {
			h.Censor(max(run.Header.Settings.ClientTimeout, 0))
		}
		all = append(all, h)
	}
	return all, nil
}

// histograms are those of a run's cells, in the order in which these first occur.
func histograms(run *record.Run) ([]*hist.Histogram, error) {
	byCell := map[record.Key]*hist.Histogram{}
	var all []*hist.Histogram
	for i := range run.Samples {
		s := &run.Samples[i]
		if !analysis.Measured(s) {
			continue
		}
		h := byCell[s.Key()]
		if h == nil {
			made, err := hist.New(hist.CellTag(oneWord(s.Key().Class().String()), s.Services))
			if err != nil {
				return nil, err
			}
			made.Start = run.Header.Started.Add(s.Sent)
			h, byCell[s.Key()], all = made, made, append(all, made)
		}
		if err := add(h, s); err != nil {
			return nil, err
		}
		h.End = run.Header.Started.Add(s.Done)
	}
	return all, nil
}

func add(h *hist.Histogram, s *record.Sample) error {
	switch {
	case s.Censored():
		h.Censor(start.Limit(s))
		return nil
	case s.Failed():
		h.Censor(max(s.ClientTimeout, 0)) // slower than any that was answered
		return nil
	}
	return h.Record(s.ResponseLatency)
}
