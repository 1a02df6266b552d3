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

// Collector gathers the loads of runs, one run after the other.
type Collector struct {
	loads []Load
	open  map[string]*builder // by service
	order []string            // of the services whose loads have begun
	limit time.Duration
	// load says that the run has loads.
	load bool
}

// builder is what is kept of one load.
type builder struct {
	load      Load
	begun     bool
	intervals []record.Interval
	events    []record.Event
	zero      *time.Duration
}

// NewCollector begins without a run.
func NewCollector() *Collector { return &Collector{open: map[string]*builder{}} }

// Header begins a run.
func (c *Collector) Header(h *record.Header) {
	c.open, c.order = map[string]*builder{}, nil
	c.limit, c.load = h.Settings.RecoveredLimit, h.Shape.Load
}

func (c *Collector) of(service string) *builder {
	b := c.open[service]
	if b == nil {
		b = &builder{}
		c.open[service] = b
	}
	return b
}

// Interval takes the next interval.
func (c *Collector) Interval(i *record.Interval) {
	b := c.of(i.Service)
	b.intervals = append(b.intervals, *i)
	c.begin(b, i.Service, i.Key(), i.At-time.Duration(i.Second)*time.Second)
}

// begin notes that a load has begun, at the latest at an instant.
func (c *Collector) begin(b *builder, service string, k record.Key, at time.Duration) {
	l := &b.load
	if !b.begun {
		b.begun, c.order = true, append(c.order, service)
		l.Begin = at
	}
	l.RuntimeClass, l.Variant, l.Service = k.RuntimeClass, k.Variant, service
}

// scaled are the kinds of event that say how many instances there are.
var scaled = []record.Kind{
	record.EventScaleWanted, record.EventScaleRequested, record.EventInstanceCreated,
	record.EventInstanceReady, record.EventInstanceUnready, record.EventInstanceGone,
}

// Event takes the next event.
func (c *Collector) Event(e *record.Event) {
	switch {
	case !c.load:
	case e.Kind == record.EventLoadBegun:
		b := c.of(e.Service)
		c.begin(b, e.Service, e.Key(), e.At)
		b.load.Rate = e.Message
	case e.Kind == record.EventLoadEnded:
		c.of(e.Service).load.End = e.At
	case e.Kind == record.EventBackAtZero:
		took := time.Duration(e.Value * float64(time.Second))
		c.of(e.Service).zero = &took
	case slices.Contains(scaled, e.Kind) && e.Service != "":
		b := c.of(e.Service)
		b.events = append(b.events, *e)
	}
}

// Finish ends a run.
func (c *Collector) Finish(r *record.Run) {
	for _, service := range c.order {
		c.loads = append(c.loads, c.open[service].finish(r, c.limit))
	}
	c.open, c.order = map[string]*builder{}, nil
}

// Loads are those of all runs, in the order in which they began.
func (c *Collector) Loads() []Load { return c.loads }

// finish makes the load of what was gathered.
func (b *builder) finish(r *record.Run, limit time.Duration) Load {
	l := &b.load
	l.RunID = r.Header.RunID
	slices.SortStableFunc(b.intervals, func(a, b record.Interval) int { return cmp.Compare(a.Second, b.Second) })
	if len(b.intervals) > 0 {
		// The event comes a moment before the first second begins.
		l.Begin = b.intervals[0].At - time.Duration(b.intervals[0].Second)*time.Second
	}
	if err := b.count(limit); err != nil {
		l.Broken = err.Error()
	}
	end := l.End
	if n := len(l.Seconds); end == 0 && n > 0 {
		end = l.Begin + time.Duration(l.Seconds[n-1].Second+1)*time.Second
	}
	l.Instances = instancesOf(b.events, l.Begin, max(end, l.Begin), l.Seconds)
	l.Instances.BackAtZero = b.zero
	l.Recovery = recoveryOf(l.Seconds, limit)
	return *l
}

// count adds up the intervals.
func (b *builder) count(limit time.Duration) error {
	l := &b.load
	l.all, _ = hist.New("") // an empty tag is one
	waited, _ := hist.New("")
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
		if err := errors.Join(l.all.Merge(latencies), waited.Merge(waits)); err != nil {
			return err
		}
		l.second(i, latencies, limit)
	}
	if l.Due > 0 {
		l.Quantiles = quantiles(l.all, l.Failures())
	}
	l.Waited.P50, _ = waited.Quantile(0.5)
	l.Waited.Max = waited.Max()
	return nil
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
	if i.Lateness > limit/20 {
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
