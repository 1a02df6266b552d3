package round

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Collector gathers the rounds of runs, one run after the other. NewCollector makes
// one.
type Collector struct {
	cells  map[record.Key]*Results
	memory map[memoryKey][][]stat.XY
	run    *run
}

// Results are what the rounds of a cell say. A field is nil where there is nothing of
// it to say.
type Results struct {
	// Instances are counted where several services were fired together.
	Instances *Instances
	// Availability is of rounds of a single service too.
	Availability *Availability
	// Shortfalls are of the rounds in which not every service was answered, in the
	// order of time.
	Shortfalls []Shortfall
}

// NewCollector returns a Collector that has seen no run.
func NewCollector() *Collector {
	return &Collector{cells: map[record.Key]*Results{}, memory: map[memoryKey][][]stat.XY{}}
}

// Visitor takes the lines of the next run. Finish follows it.
func (c *Collector) Visitor() record.Visitor {
	c.run = &run{rounds: map[name]*round{}, troubles: map[int32][]toldTrouble{}, uncertain: map[record.Key]time.Duration{}}
	return record.Visitor{Header: c.run.addHeader, Sample: c.run.addSample, Event: c.run.addEvent, Resource: c.run.addResource}
}

// Finish takes what is known at the end of a run.
func (c *Collector) Finish() {
	r := c.run
	c.run = nil
	if len(r.rounds) == 0 {
		return
	}
	rounds := slices.Collect(maps.Values(r.rounds))
	inOrder(rounds)
	slices.SortStableFunc(r.readings, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	memory := newMemoryWatcher(r.readings, rounds)
	replay(r.events, len(r.classes.list), &roundWatcher{rounds, map[int32]*round{}}, newStageWatcher(rounds), memory)
	for _, one := range rounds {
		if !one.discarded {
			c.add(one, r)
		}
	}
	for k, points := range memory.finish() {
		c.memory[k] = append(c.memory[k], points...)
	}
}

// add takes over one round of the run.
func (c *Collector) add(one *round, of *run) {
	results := c.cells[one.key]
	if results == nil {
		results = &Results{Availability: &Availability{}}
		c.cells[one.key] = results
	}
	if one.key.Services > 1 {
		if results.Instances == nil {
			results.Instances = &Instances{}
		}
		results.Instances.add(one)
		results.Instances.SkewUncertainty = max(results.Instances.SkewUncertainty, of.uncertain[one.key.Class()])
	}
	results.Availability.add(one.availability())
	if len(one.answers) < one.key.Services {
		results.Shortfalls = append(results.Shortfalls, of.shortfall(one))
	}
}

// Of are the results of a cell.
func (c *Collector) Of(k record.Key) Results {
	results := c.cells[k]
	if results == nil {
		return Results{}
	}
	if results.Instances != nil {
		results.Instances.finish()
	}
	results.Availability.finish()
	return *results
}

// run is what is kept of the run that is being read.
type run struct {
	// together says that the run has rounds. In other runs instances are very many, and
	// only what is needed of them is kept.
	together bool
	rounds   map[name]*round
	classes  names[record.Key]
	services names[string]
	events   []event
	readings []reading
	// uncertain is by how much a skew may be wrong, at most, by class.
	uncertain map[record.Key]time.Duration
	// watched says that events about instances name their services.
	watched    bool
	troubles   map[int32][]toldTrouble // by service
	conditions []record.Event
	nodes      int   // in the cluster
	memory     int64 // of the cluster, in bytes
}

func (r *run) addHeader(h *record.Header) {
	r.together = h.Shape.Rounds
	r.nodes, r.memory = h.Cluster.Nodes, h.Cluster.MemoryBytes
}

// addSample takes a sample that is part of a round. Outside of runs that have rounds,
// trials of single services may overlap and are none.
func (r *run) addSample(s *record.Sample) {
	if s.Services <= 1 && !r.together {
		return
	}
	id := name{s.Key(), s.Block}
	one := r.rounds[id]
	if one == nil {
		one = newRound(s, r.classes.of(s.Key().Class()))
		r.rounds[id] = one
	}
	one.add(s, r.services.of(s.Service))
}

func (r *run) addEvent(e *record.Event) {
	switch {
	case e.Kind == record.EventNodeCondition && r.together:
		r.conditions = append(r.conditions, *e)
	case e.Kind == record.EventWorkersSkew && e.ClockOffset != nil:
		r.uncertain[e.Key()] = max(r.uncertain[e.Key()], e.ClockOffset.Uncertainty)
	case e.Kind == record.EventInstanceTrouble && r.together && e.Service != "":
		service := r.services.of(e.Service)
		r.troubles[service] = append(r.troubles[service], toldTrouble{e.At, record.Trouble{Causes: e.Causes, Message: e.Message}})
	default:
		r.addChange(e)
	}
}

// addChange takes an event about the life of an instance. Outside of runs that have
// rounds, nobody asks for the stages between created and Ready.
func (r *run) addChange(e *record.Event) {
	to, ours := stageOf[e.Kind]
	if !ours || e.UID == "" || !r.together && (to == scheduled || to == running) {
		return
	}
	one := event{at: e.At, instance: uidOf(e.UID), class: r.classes.of(e.Key()), service: nobody, stage: to}
	if r.together && e.Service != "" {
		one.service, r.watched = r.services.of(e.Service), true
	}
	r.events = append(r.events, one)
}

func (r *run) addResource(u *record.Resource) {
	if u.Scope == record.ScopeNode || u.Scope == record.ScopeClass {
		r.readings = append(r.readings, readingOf(u))
	}
}
