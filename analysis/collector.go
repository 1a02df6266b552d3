package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/work"
)

// collector gathers runs, one after the other.
type collector struct {
	runs     []RunInfo
	classes  []record.Key // classes as a whole, in the order of their first mention
	cells    map[record.Key]*cellBuilder
	rounds   *round.Collector
	loads    *load.Collector
	deployed *deploy.Collector
	works    *work.Collector
	limits   []ClassLimit
	warnings []Warning
	reading  reading
}

// reading is what is kept of the run that is being read.
type reading struct {
	rounds   record.Visitor
	limits   []record.Event
	deployed []string
	troubles map[record.Kind]*troubleCount
	tracing  *tracing
	planned  *start.Planned
}

func newCollector() *collector {
	return &collector{cells: map[record.Key]*cellBuilder{}, rounds: round.NewCollector(), loads: load.NewCollector(), deployed: deploy.NewCollector(), works: work.NewCollector()}
}

// visitor takes the lines of the next run. finish follows it.
func (c *collector) visitor() record.Visitor {
	c.reading = reading{rounds: c.rounds.Visitor(), troubles: map[record.Kind]*troubleCount{}, tracing: &tracing{}, planned: start.NewPlanned()}
	return record.Visitor{
		Header: c.addHeader, Sample: c.addSample, Event: c.addEvent,
		Span: c.reading.tracing.addSpan, Resource: c.addResource,
		Interval: c.loads.Interval, Deployment: c.deployed.Deployment, Work: c.works.Work,
	}
}

func (c *collector) addHeader(h *record.Header) {
	c.reading.rounds.Header(h)
	c.loads.Header(h)
	c.deployed.Header(h)
	c.works.Header(h)
	for _, class := range h.Classes {
		c.class(class.Key())
	}
}

func (c *collector) addResource(u *record.Resource) {
	c.reading.rounds.Resource(u)
	c.loads.Resource(u)
	c.works.Resource(u)
}

// class notes that there is a class.
func (c *collector) class(k record.Key) {
	if !slices.Contains(c.classes, k) {
		c.classes = append(c.classes, k)
	}
}

func (c *collector) addSample(s *record.Sample) {
	if s.Selected != "" { // the intervals of its load count it
		c.reading.planned.AddSample(s)
		return
	}
	k := s.Key()
	b := c.cells[k]
	if b == nil {
		b = &cellBuilder{}
		c.cells[k] = b
		c.class(k.Class())
	}
	b.add(s)
	c.reading.planned.AddSample(s)
	c.reading.rounds.Sample(s)
	c.reading.tracing.addSample(s, b)
}

func (c *collector) addEvent(e *record.Event) {
	c.reading.rounds.Event(e)
	c.reading.planned.AddEvent(e)
	c.loads.Event(e)
	switch e.Kind {
	case record.EventLimit:
		c.reading.limits = append(c.reading.limits, *e)
	case record.EventServicesCreated, record.EventServicesReady:
		c.reading.deployed = append(c.reading.deployed, e.Message)
	}
	if !slices.Contains(troubles, e.Kind) {
		return
	}
	if c.reading.troubles[e.Kind] == nil {
		c.reading.troubles[e.Kind] = &troubleCount{first: *e}
	}
	c.reading.troubles[e.Kind].times++
}

// finish takes what is known at the end of a run.
func (c *collector) finish(r *record.Run) {
	id := r.Header.RunID
	c.runs = append(c.runs, runInfo(r, c.reading.deployed))
	for _, e := range c.reading.limits {
		limit := ClassLimit{RunID: id, RuntimeClass: e.RuntimeClass, Variant: e.Variant, Message: e.Message}
		if r.Header.Shape.Load {
			limit.Rate = int(e.Value)
		} else {
			limit.Services = int(e.Value)
		}
		c.limits = append(c.limits, limit)
	}
	notMade := map[record.Key]int{}
	for _, m := range c.reading.planned.NotMade(&r.Header) {
		notMade[m.Key]++
		if c.cells[m.Key] == nil { // another run may have made them
			c.cells[m.Key] = &cellBuilder{}
			c.class(m.Key.Class())
		}
	}
	for k, b := range c.cells {
		b.endRun(len(c.runs)-1, notMade[k])
	}
	if r.Header.Shape.Sequential {
		c.warnings = append(c.warnings, Warning{Code: EndedByResult, Message: fmt.Sprintf("run %s ended when it showed something: p-values and intervals do not allow for that here; the gate's do", id)})
	}
	c.rounds.Finish()
	c.loads.Finish(r)
	c.deployed.Finish()
	c.works.Finish()
	c.reading.tracing.finish()
	for _, kind := range troubles {
		if t := c.reading.troubles[kind]; t != nil {
			c.warnings = append(c.warnings, t.warning(id))
		}
	}
	if lost := c.reading.planned.Lost(&r.Header, r.End); lost != "" {
		c.warnings = append(c.warnings, Warning{Code: IncompleteFile, Message: fmt.Sprintf("run %s has a damaged file: %s", id, lost)})
	}
	for _, w := range r.Warnings {
		c.warnings = append(c.warnings, Warning{Code: IncompleteFile, Message: fmt.Sprintf("run %s: %s", id, w)})
	}
	c.reading = reading{}
}

func runInfo(r *record.Run, deployed []string) RunInfo {
	h := r.Header
	info := RunInfo{RunID: h.RunID, Tool: h.Tool, Command: h.Command, Shape: h.Shape, Started: h.Started, Seed: h.Seed,
		Classes: h.Classes, Cluster: h.Cluster, Deployed: deployed}
	if r.End != nil {
		info.End, info.Lasted = r.End.Reason, r.End.At
	}
	return info
}

func (c *collector) summary() *Summary {
	s := &Summary{Runs: c.runs, Cells: []Cell{}, Warnings: []Warning{}}
	var late []time.Duration
	var cellWarnings []Warning
	for _, k := range c.keys() {
		b := c.cells[k]
		s.Discarded += b.Discarded
		if c.onlyWarmed(k) {
			continue
		}
		s.Cells = append(s.Cells, b.cell(k, c.rounds.Of(k)))
		cellWarnings = append(cellWarnings, b.warnings(k)...)
		late = append(late, b.late...)
	}
	addRatios(s.Cells)
	s.Loads, s.Deployments, s.Work = c.loads.Loads(), c.deployed.Groups(), c.works.Result()
	s.Limits, s.Memory = c.limits, c.rounds.Memory(c.classes)
	var lateWarnings []Warning
	s.Lateness, lateWarnings = pooledLateness(s.Cells, late)
	s.Warnings = slices.Concat(s.Warnings, lateWarnings, c.missing(), cellWarnings, loadWarnings(s.Loads), deployWarnings(s.Deployments), workWarnings(s.Work), c.warnings)
	return s
}

// keys are those of the cells, in the order of the summary.
func (c *collector) keys() []record.Key {
	var keys []record.Key
	for k := range c.cells {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b record.Key) int {
		return cmp.Or(cmp.Compare(a.Services, b.Services),
			cmp.Compare(slices.Index(c.classes, a.Class()), slices.Index(c.classes, b.Class())))
	})
	return keys
}

// onlyWarmed says that services were fired in this number only to warm caches, before
// others of the class were measured, or not at all.
func (c *collector) onlyWarmed(k record.Key) bool {
	if c.cells[k].Samples > 0 {
		return false
	}
	if c.cells[k].Discarded == 0 || c.loaded(k.Class()) {
		return true
	}
	for other, b := range c.cells {
		if other.Class() == k.Class() && b.Samples > 0 {
			return true
		}
	}
	return false
}

// loaded says that there was a load on a service of a class.
func (c *collector) loaded(class record.Key) bool {
	return slices.ContainsFunc(c.loads.Loads(), func(l load.Load) bool { return l.Key() == class })
}

// missing warns of the classes that have no sample.
func (c *collector) missing() []Warning {
	var list []Warning
	for _, class := range c.classes {
		seen := c.loaded(class) || c.works.Has(class.RuntimeClass)
		for k, b := range c.cells {
			seen = seen || k.Class() == class && b.Samples+b.Discarded > 0
		}
		if !seen {
			list = append(list, warnCell(NoSamples, class, "no samples"))
		}
	}
	return list
}
