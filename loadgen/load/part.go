package load

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Part is what became of the requests that were due within one second: of all, or of the
// share of one of several senders.
type Part struct {
	Interval record.Interval `json:"interval"`
	// Pods are the instances that the answers named.
	Pods []string `json:"pods,omitempty"`
	// Slowest are the slowest answered requests, the quickest of them first.
	Slowest []record.Sample `json:"slowest,omitempty"`
}

// part is the second as it is written down.
func (s *second) part(wasReady func(pod string, at time.Duration) bool) (Part, error) {
	s.judgeWaits(wasReady)
	i, err := s.interval()
	p := Part{Interval: i, Slowest: s.slowest}
	for pod := range s.pods {
		p.Pods = append(p.Pods, pod)
	}
	return p, err
}

// Merge makes one part of several that are of the same second. It is what one sender of all
// of their requests would have counted: histograms have the same bounds, so that they add
// up, and the slowest of all are among the slowest of each.
func Merge(parts []Part) (Part, error) {
	all := Part{Interval: record.Interval{Second: parts[0].Interval.Second, Failed: map[record.Outcome]int{}}}
	latencies, waited := newHistogram(), newHistogram()
	for i := range parts {
		p := &parts[i]
		all.add(p)
		if err := addEncoded(latencies, p.Interval.Latencies); err != nil {
			return all, err
		}
		if err := addEncoded(waited, p.Interval.WaitedLatencies); err != nil {
			return all, err
		}
	}
	slices.SortStableFunc(all.Slowest, func(a, b record.Sample) int { return cmp.Compare(latencyOf(a), latencyOf(b)) })
	all.Slowest = all.Slowest[max(0, len(all.Slowest)-mostSlowest):]
	all.Interval.Instances = len(all.Pods)
	var err error
	if all.Interval.Latencies, err = encoded(latencies); err != nil {
		return all, err
	}
	all.Interval.WaitedLatencies, err = encoded(waited)
	return all, err
}

// add adds the counts of a part.
func (p *Part) add(one *Part) {
	to, from := &p.Interval, &one.Interval
	to.Sent += from.Sent
	to.Answered += from.Answered
	to.CutOff += from.CutOff
	to.Dropped += from.Dropped
	to.Told += from.Told
	to.Waited += from.Waited
	to.Lateness = max(to.Lateness, from.Lateness)
	for outcome, n := range from.Failed {
		to.Failed[outcome] += n
	}
	for _, pod := range one.Pods {
		if !slices.Contains(p.Pods, pod) {
			p.Pods = append(p.Pods, pod)
		}
	}
	p.Slowest = append(p.Slowest, one.Slowest...)
}

// addEncoded adds a histogram as an interval has it.
func addEncoded(to *hdrhistogram.PackedHistogram, text string) error {
	if text == "" {
		return nil
	}
	h, err := hdrhistogram.DecodePacked([]byte(text))
	if err != nil {
		return fmt.Errorf("read a histogram: %w", err)
	}
	if dropped := to.Merge(h); dropped > 0 {
		return fmt.Errorf("merge histograms: %d values do not fit", dropped)
	}
	return nil
}

// write writes a part of a load on a target down, of the second that begins at an instant:
// its slowest requests, how many failures were left out, and its interval.
func (p *Part) write(to Sink, t record.Target, at time.Duration) error {
	for _, sample := range p.Slowest {
		sample.Selected = record.SelectedSlowest
		if err := to.Sample(sample); err != nil {
			return err
		}
	}
	i := &p.Interval
	if left := i.Failures() - mostFailed; left > 0 {
		err := to.Event(record.Event{
			At: at, Kind: record.EventSamplesLeftOut, RuntimeClass: t.RuntimeClass, Variant: t.Variant, Service: t.Service, Value: float64(left),
			Message: fmt.Sprintf("of %d requests that failed within second %d the first %d are written down; the interval counts all", i.Failures(), i.Second, mostFailed),
		})
		if err != nil {
			return err
		}
	}
	i.RuntimeClass, i.Variant, i.Service, i.At = t.RuntimeClass, t.Variant, t.Service, at
	return to.Interval(*i)
}
