package load

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/hist"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// builder is what is kept of one load.
type builder struct {
	load      Load
	intervals []record.Interval
	zero      *time.Duration
}

// finish makes the load of what was gathered.
func (b *builder) finish(r *run) Load {
	l := &b.load
	slices.SortStableFunc(b.intervals, func(a, b record.Interval) int { return cmp.Compare(a.Second, b.Second) })
	if len(b.intervals) > 0 {
		// The event comes a moment before the first second begins.
		l.Begin = b.intervals[0].At - time.Duration(b.intervals[0].Second)*time.Second
	}
	if err := b.count(r.limit); err != nil {
		l.Broken = err.Error()
	}
	events, end := inOrder(r.services[l.Service].events), l.end()
	l.Instances = instancesOf(events, l.Begin, end, l.Seconds)
	l.Instances.Unwatched = unwatched(inOrder(r.watches), l.Begin, end)
	l.Instances.BackAtZero, l.Instances.AtMost = b.zero, l.atMost(r.maxScale)
	if b.zero != nil {
		l.Instances.WantedZero = wantedZero(events, end)
	}
	l.Panic = panicOf(events, l.Begin, end)
	l.Use = r.readings.use(l.RuntimeClass, l.Begin, l.Begin+time.Duration(l.half())*time.Second, end)
	l.Recovery = recoveryOf(l.Seconds, r.limit)
	return *l
}

// inOrder are events in the order of time.
func inOrder(events []record.Event) []record.Event {
	return slices.SortedStableFunc(slices.Values(events), func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
}

// end is when the load ended, or as far as its intervals go.
func (l *Load) end() time.Duration {
	if n := len(l.Seconds); l.End == 0 && n > 0 {
		return max(l.Begin, l.Begin+time.Duration(l.Seconds[n-1].Second+1)*time.Second)
	}
	return max(l.End, l.Begin)
}

// atMost is how many instances there may be, if that is how many the autoscaler wanted.
func (l *Load) atMost(maxScale int) int {
	if maxScale > 0 && l.Instances.Last.Wanted >= maxScale {
		return maxScale
	}
	return 0
}

// half is the second with which the second half of the load begins.
func (l *Load) half() int {
	if len(l.Seconds) == 0 {
		return 0
	}
	return (l.Seconds[len(l.Seconds)-1].Second + 1) / 2
}

// count adds up the intervals.
func (b *builder) count(limit time.Duration) error {
	l := &b.load
	l.all, _ = hist.New("") // an empty tag is one
	waited, _ := hist.New("")
	settled, _ := hist.New("")
	half := 0
	if n := len(b.intervals); n > 0 {
		half = (b.intervals[n-1].Second + 1) / 2
	}
	for k := range b.intervals {
		i := &b.intervals[k]
		if k > 0 && i.Second == b.intervals[k-1].Second {
			return fmt.Errorf("second %d is there twice", i.Second)
		}
		latencies, err := decoded(i.Latencies, i.Answered)
		if err != nil {
			return fmt.Errorf("second %d: %w", i.Second, err)
		}
		waits, err := decoded(i.WaitedLatencies, i.Waited)
		if err != nil {
			return fmt.Errorf("second %d: %w", i.Second, err)
		}
		err = errors.Join(l.all.Merge(latencies), waited.Merge(waits))
		if i.Second >= half {
			l.Settled.add(i, limit)
			err = errors.Join(err, settled.Merge(latencies))
		}
		if err != nil {
			return err
		}
		l.second(i, latencies, limit)
	}
	if l.Due > 0 {
		l.Quantiles = quantiles(l.all, l.Failures())
	}
	if l.Settled.latencies = settled; l.Settled.Due > 0 {
		l.Settled.Quantiles = quantiles(settled, l.Settled.Failures())
	}
	l.Waited.P50, _ = waited.Quantile(0.5)
	l.Waited.Max = waited.Max()
	return nil
}

// lateLimit is how late the client may be in a second, of a limit of the recovery.
func lateLimit(limit time.Duration) time.Duration { return limit / 20 }

// LateLimit is what a lateness is more than in each of the late seconds.
func (l *Load) LateLimit() time.Duration { return lateLimit(l.Recovery.Limit) }

func (s *Settled) add(i *record.Interval, limit time.Duration) {
	s.Counts.add(i)
	s.Lateness = max(s.Lateness, i.Lateness)
	if i.Lateness > lateLimit(limit) {
		s.LateSeconds++
	}
}

// second adds one second.
func (l *Load) second(i *record.Interval, latencies *hist.Histogram, limit time.Duration) {
	s := Second{Second: i.Second, Waited: i.Waited, Lateness: i.Lateness, Answering: i.Instances}
	s.Counts.add(i)
	if s.Due > 0 {
		s.Quantiles = quantiles(latencies, s.Failures())
	}
	l.Seconds = append(l.Seconds, s)
	l.Counts.add(i)
	l.Waited.Told += i.Told
	l.Waited.Requests += i.Waited
	l.Lateness = max(l.Lateness, i.Lateness)
	if i.Lateness > lateLimit(limit) {
		l.LateSeconds++
	}
}

// decoded is a histogram with as many values as the interval counts.
func decoded(text string, count int) (*hist.Histogram, error) {
	if text == "" && count == 0 {
		return hist.New("")
	}
	h, err := hist.Decode("", text, int64(count))
	if err == nil && h.Count() != int64(count) {
		err = fmt.Errorf("its histogram has %d values, and %d requests are counted", h.Count(), count)
	}
	return h, err
}
