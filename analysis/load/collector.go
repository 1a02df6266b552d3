package load

import (
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Collector gathers the loads of runs, one run after the other.
type Collector struct {
	loads []Load
	run   *run
}

// run is what is kept of the run that is being read.
type run struct {
	// loaded says that the run has loads, and searching that each load is a step of a
	// search.
	loaded, searching bool
	limit             time.Duration
	maxScale          int
	watches           []record.Event // of what is watched
	services          map[string]*service
	builders          []*builder // in the order in which their loads began
	readings          readings
}

// service is what is kept of one service. Several loads may have been on it, one after
// the other.
type service struct {
	loads     []*builder
	events    []record.Event
	intervals []record.Interval
}

// NewCollector begins without a run.
func NewCollector() *Collector { return &Collector{run: newRun()} }

func newRun() *run { return &run{services: map[string]*service{}, readings: newReadings()} }

// Header begins a run.
func (c *Collector) Header(h *record.Header) {
	set := h.Settings
	c.run = newRun()
	c.run.loaded, c.run.searching, c.run.limit, c.run.maxScale = h.Shape.Load, set.UntilFailure, set.RecoveredLimit, set.MaxScale
}

func (r *run) service(name string) *service {
	s := r.services[name]
	if s == nil {
		s = &service{}
		r.services[name] = s
	}
	return s
}

// begin begins a load on a service at an instant.
func (r *run) begin(name string, k record.Key, at time.Duration) *builder {
	b := &builder{load: Load{RuntimeClass: k.RuntimeClass, Variant: k.Variant, Service: name, Begin: at, Step: r.searching}}
	r.builders = append(r.builders, b)
	s := r.service(name)
	s.loads = append(s.loads, b)
	return b
}

// present is the load on a service that began last. It is nil where none has.
func (s *service) present() *builder {
	if len(s.loads) == 0 {
		return nil
	}
	return s.loads[len(s.loads)-1]
}

// Interval takes the next interval.
func (c *Collector) Interval(i *record.Interval) {
	s := c.run.service(i.Service)
	s.intervals = append(s.intervals, *i)
}

// join gives each interval of a service to the load during which it began.
func (r *run) join(name string) {
	s := r.service(name)
	for _, i := range s.intervals {
		if len(s.loads) == 0 { // the line that says that it began is lost
			r.begin(name, i.Key(), i.At-time.Duration(i.Second)*time.Second)
		}
		of := s.loads[0]
		for _, b := range s.loads[1:] {
			if b.load.Begin <= i.At {
				of = b
			}
		}
		of.intervals = append(of.intervals, i)
	}
}

// Resource takes the next reading.
func (c *Collector) Resource(u *record.Resource) {
	if c.run.loaded {
		c.run.readings.add(u)
	}
}

// scaled are the kinds of event that say how a service is scaled.
var scaled = []record.Kind{
	record.EventScaleWanted, record.EventScaleRequested, record.EventInstanceCreated,
	record.EventInstanceReady, record.EventInstanceUnready, record.EventInstanceGone,
	record.EventPanicMode, record.EventPanicUnread,
}

// Event takes the next event.
func (c *Collector) Event(e *record.Event) {
	r := c.run
	if r.loaded && slices.Contains(watched, e.Watched) {
		r.watches = append(r.watches, *e)
	}
	if !r.loaded || e.Service == "" {
		return
	}
	s := r.service(e.Service)
	b := s.present()
	switch {
	case e.Kind == record.EventLoadBegun:
		r.begin(e.Service, e.Key(), e.At).load.Rate = e.Message
	case e.Kind == record.EventLoadEnded && b != nil:
		b.load.End = e.At
	case e.Kind == record.EventBackAtZero && b != nil:
		took := time.Duration(e.Value * float64(time.Second))
		b.zero = &took
	case slices.Contains(scaled, e.Kind):
		s.events = append(s.events, *e)
	}
}

// Finish ends a run.
func (c *Collector) Finish(of *record.Run) {
	r := c.run
	for _, name := range slices.Sorted(maps.Keys(r.services)) {
		r.join(name)
	}
	for _, b := range r.builders {
		b.load.RunID = of.Header.RunID
		c.loads = append(c.loads, b.finish(r))
	}
	c.run = newRun()
}

// Loads are those of all runs, in the order in which they began.
func (c *Collector) Loads() []Load { return c.loads }
