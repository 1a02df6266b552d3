package analysis

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Summary is what one or several runs say, pooled.
type Summary struct {
	Runs []RunInfo `json:"runs"`
	// Cells are in the order of services, then of the classes as they were
	// named on the command line.
	Cells []Cell `json:"cells"`
	// Limits are those that a search found.
	Limits []ClassLimit `json:"limits,omitempty"`
	// Memory is what an instance of each class takes, from each source.
	Memory   []Memory `json:"memory,omitempty"`
	Lateness Lateness `json:"lateness"`
	// Discarded counts the samples of the rounds that warm caches.
	Discarded int       `json:"discarded"`
	Warnings  []Warning `json:"warnings"`
}

// RunInfo says where a summary comes from.
type RunInfo struct {
	RunID   string             `json:"runId"`
	Tool    record.Tool        `json:"tool"`
	Command string             `json:"command"`
	Shape   record.Shape       `json:"-"`
	Started time.Time          `json:"started"`
	Seed    uint64             `json:"seed"`
	Classes []record.Class     `json:"runtimeClasses"`
	Cluster record.Fingerprint `json:"cluster"`
	// End is how the run ended; empty when it was killed.
	End string `json:"end,omitempty"`
	// Deployed says how long it took to create the services and to have them Ready.
	Deployed []string `json:"deployed,omitempty"`
}

// ClassLimit is the largest number of services of a class that held, by a search.
type ClassLimit struct {
	RunID        string `json:"runId"`
	RuntimeClass string `json:"runtimeClass"`
	Services     int    `json:"services"`
	// Message says what ended the search, and why.
	Message string `json:"message"`
}

// Summarise pools the samples of the runs, per RuntimeClass and number of
// services.
func Summarise(runs ...*record.Run) *Summary {
	c := newCollector()
	for _, r := range runs {
		v := c.visitor()
		v.Header(&r.Header)
		for i := range r.Samples {
			v.Sample(&r.Samples[i])
		}
		for i := range r.Events {
			v.Event(&r.Events[i])
		}
		for i := range r.Resources {
			v.Resource(&r.Resources[i])
		}
		c.finish(r)
	}
	return c.summary()
}

// SummariseFiles is Summarise of run files, which may be too large to be kept in
// memory; "-" is standard input.
func SummariseFiles(paths ...string) (*Summary, error) {
	c := newCollector()
	for _, path := range paths {
		r, err := record.WalkFile(path, c.visitor())
		if err != nil {
			return nil, err
		}
		c.finish(r)
	}
	return c.summary(), nil
}

// collector gathers runs, one after the other.
type collector struct {
	runs     []RunInfo
	classes  []record.Key // classes as a whole, in the order of their first mention
	cells    map[record.Key]*cellBuilder
	memory   map[memoryKey][][]stat.XY
	limits   []ClassLimit
	warnings []Warning
	// Of the run that is being read:
	events   []record.Event // those that are kept as they are
	history  *historyBuilder
	short    *shortfallBuilder
	troubles map[record.Kind]*troubleCount
	tracing  *tracing
}

func newCollector() *collector {
	return &collector{cells: map[record.Key]*cellBuilder{}, memory: map[memoryKey][][]stat.XY{}}
}

// visitor takes the lines of the next run; finish follows.
func (c *collector) visitor() record.Visitor {
	c.history, c.short = newHistoryBuilder(), newShortfallBuilder()
	c.events, c.troubles, c.tracing = nil, map[record.Kind]*troubleCount{}, &tracing{}
	return record.Visitor{
		Header: c.addHeader, Sample: c.addSample, Event: c.addEvent, Span: c.tracing.addSpan, Resource: c.history.addResource,
	}
}

func (c *collector) addHeader(h *record.Header) {
	c.history.addHeader(h)
	c.short.addHeader(h)
	for _, class := range h.Classes {
		c.class(class.Key())
	}
}

func (c *collector) addEvent(e *record.Event) {
	c.history.addEvent(e)
	c.short.addEvent(e)
	switch e.Kind {
	case record.EventLimit, record.EventServicesCreated, record.EventServicesReady:
		c.events = append(c.events, *e)
	}
	if !slices.Contains(troubles, e.Kind) {
		return
	}
	if c.troubles[e.Kind] == nil {
		c.troubles[e.Kind] = &troubleCount{first: *e}
	}
	c.troubles[e.Kind].times++
}

// finish takes what is known at the end of a run.
func (c *collector) finish(r *record.Run) {
	c.finishEvents(runInfo(r))
	c.finishHistory()
	c.tracing.finish()
	for _, kind := range troubles {
		if t := c.troubles[kind]; t != nil {
			c.warnings = append(c.warnings, t.warning(r.Header.RunID))
		}
	}
	for _, w := range r.Warnings {
		c.warnings = append(c.warnings, Warning{Code: IncompleteFile, Message: fmt.Sprintf("run %s: %s", r.Header.RunID, w)})
	}
}

// finishEvents takes over what events say by themselves.
func (c *collector) finishEvents(run RunInfo) {
	for _, e := range c.events {
		if e.Kind == record.EventLimit {
			c.limits = append(c.limits, ClassLimit{RunID: run.RunID, RuntimeClass: e.RuntimeClass, Services: int(e.Value), Message: e.Message})
		} else {
			run.Deployed = append(run.Deployed, e.Message)
		}
	}
	c.runs = append(c.runs, run)
}

func (c *collector) finishHistory() {
	h := c.history.finish()
	for _, one := range h.rounds() {
		c.cells[one.key].rounds = append(c.cells[one.key].rounds, one)
	}
	h.availability(func(k record.Key) *Availability {
		if c.cells[k].availability == nil {
			c.cells[k].availability = &Availability{}
		}
		return c.cells[k].availability
	})
	for k, list := range c.short.shortfalls(h) {
		c.cells[k].shortfalls = append(c.cells[k].shortfalls, list...)
	}
	for k, rounds := range h.memory() {
		c.memory[k] = append(c.memory[k], rounds...)
	}
}

func runInfo(r *record.Run) RunInfo {
	h := r.Header
	info := RunInfo{RunID: h.RunID, Tool: h.Tool, Command: h.Command, Shape: h.Shape, Started: h.Started, Seed: h.Seed, Classes: h.Classes, Cluster: h.Cluster}
	if r.End != nil {
		info.End = r.End.Reason
	}
	return info
}

func (c *collector) class(name record.Key) {
	if !slices.Contains(c.classes, name) {
		c.classes = append(c.classes, name)
	}
}

func (c *collector) addSample(s *record.Sample) {
	k := s.Key()
	b := c.cells[k]
	if b == nil {
		b = &cellBuilder{}
		c.cells[k] = b
		c.class(k.Class())
	}
	b.add(s)
	c.history.addSample(s)
	c.tracing.addSample(s, b)
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
		s.Cells = append(s.Cells, b.cell(k))
		cellWarnings = append(cellWarnings, b.warnings(k)...)
		late = append(late, b.late...)
	}
	addRatios(s.Cells)
	s.Limits, s.Memory = c.limits, memoryOf(c.memory, c.classes)
	var lateWarnings []Warning
	s.Lateness, lateWarnings = pooledLateness(s.Cells, late)
	s.Warnings = slices.Concat(s.Warnings, lateWarnings, c.missing(), cellWarnings, c.warnings)
	return s
}

// keys are the cells' in the order of the summary.
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

// onlyWarmed says that a number of services was fired to warm caches alone, before
// others of the class were measured.
func (c *collector) onlyWarmed(k record.Key) bool {
	if c.cells[k].Samples > 0 {
		return false
	}
	for other, b := range c.cells {
		if other.Class() == k.Class() && b.Samples > 0 {
			return true
		}
	}
	return false
}

// missing warns of the classes that no sample was taken of.
func (c *collector) missing() []Warning {
	var list []Warning
	for _, name := range c.classes {
		seen := false
		for k := range c.cells {
			seen = seen || k.Class() == name
		}
		if !seen {
			list = append(list, Warning{Code: NoSamples, RuntimeClass: name.String(), Message: name.String() + ": no samples"})
		}
	}
	return list
}

// bootstrapSeed makes intervals the same each time a file is read.
const bootstrapSeed = 1

// addRatios relates each cell to the first at the same number of services.
func addRatios(cells []Cell) {
	first := map[int]*Cell{}
	for i := range cells {
		c := &cells[i]
		base := first[c.Services]
		if base == nil {
			first[c.Services] = c
			continue
		}
		if base.Measured > 0 && c.Measured > 0 {
			c.Ratio = stat.ChangeOf(base.Latencies, c.Latencies, 0.5, bootstrapSeed).Ratio
		}
	}
}
