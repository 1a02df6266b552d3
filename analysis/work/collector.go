package work

import (
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Collector gathers the works of runs, one run after the other.
type Collector struct {
	sides  []string
	order  []figureKey
	values map[valueKey]*values
	memory map[memoryKey]*blocks
	counts Work
	curves []Curve
	runs   int
	run    *run
}

type figureKey struct{ program, name, unit string }

type valueKey struct {
	figureKey
	side string
}

// values are those of one figure on one side: of the runs that have ended, and of the one
// that is being read.
type values struct {
	parts   stat.Parts
	present []time.Duration
}

// run is what is kept of the run that is being read.
type run struct {
	works bool
	done  []record.Work
	nodes map[string][]reading
	sides map[string][]reading
}

// NewCollector begins without a run.
func NewCollector() *Collector {
	return &Collector{values: map[valueKey]*values{}, memory: map[memoryKey]*blocks{}, run: newRun()}
}

func newRun() *run { return &run{nodes: map[string][]reading{}, sides: map[string][]reading{}} }

// Header begins a run.
func (c *Collector) Header(h *record.Header) {
	c.run = newRun()
	if c.run.works = h.Shape.Work; !c.run.works {
		return
	}
	for _, class := range h.Classes {
		c.side(class.Name)
	}
}

func (c *Collector) side(name string) {
	if !slices.Contains(c.sides, name) {
		c.sides = append(c.sides, name)
	}
}

// Resource takes the next reading.
func (c *Collector) Resource(u *record.Resource) {
	if !c.run.works {
		return
	}
	one := reading{u.At, u.MemoryBytes, u.CacheBytes}
	switch u.Scope {
	case record.ScopeNode:
		c.run.nodes[u.Node] = append(c.run.nodes[u.Node], one)
	case record.ScopeClass:
		c.run.sides[u.RuntimeClass] = append(c.run.sides[u.RuntimeClass], one)
	}
}

// Work takes the next work.
func (c *Collector) Work(w *record.Work) {
	c.run.done = append(c.run.done, *w)
	switch {
	case w.Discarded:
		c.counts.Discarded++
		return
	case failed(w):
		c.counts.Ran++
		c.fail(w)
		return
	}
	c.counts.Ran++
	for _, f := range w.Figures {
		k := figureKey{w.Program, f.Name, f.Unit}
		if !slices.Contains(c.order, k) {
			c.order = append(c.order, k)
		}
		of := c.values[valueKey{k, w.RuntimeClass}]
		if of == nil {
			of = &values{}
			c.values[valueKey{k, w.RuntimeClass}] = of
		}
		of.present = append(of.present, scaled(f.Value))
	}
}

func (c *Collector) fail(w *record.Work) {
	for i := range c.counts.Failures {
		if f := &c.counts.Failures[i]; f.Program == w.Program && f.RuntimeClass == w.RuntimeClass {
			f.Times++
			return
		}
	}
	c.counts.Failures = append(c.counts.Failures, Failure{w.Program, w.RuntimeClass, 1, w.Error})
}

// Finish ends a run.
func (c *Collector) Finish() {
	c.runs++
	for _, of := range c.values {
		for len(of.parts) < c.runs {
			of.parts = append(of.parts, nil)
		}
		if len(of.present) > 0 {
			of.parts[c.runs-1] = stat.NewSet(of.present, nil)
			of.present = nil
		}
	}
	c.readMemory()
	if curves := c.run.curves(append(slices.Clone(c.sides), record.Native)); len(curves) > 0 {
		c.curves = curves
	}
	c.run = newRun()
}

// Has says that there is a work of a class.
func (c *Collector) Has(class string) bool {
	for k := range c.values {
		if k.side == class {
			return true
		}
	}
	return slices.ContainsFunc(c.counts.Failures, func(f Failure) bool { return f.RuntimeClass == class })
}

// Result is that of all runs. It is nil where none has any.
func (c *Collector) Result() *Work {
	w := c.counts
	if w.Ran+w.Discarded == 0 {
		return nil
	}
	w.Sides = c.sides
	if c.Has(record.Native) {
		w.Sides = append(slices.Clone(c.sides), record.Native)
	}
	w.Figures = []Figure{}
	for _, k := range c.order {
		for _, side := range w.Sides {
			if of := c.values[valueKey{k, side}]; of != nil {
				w.Figures = append(w.Figures, c.figure(k, side, of))
			}
		}
	}
	w.Memory, w.Curves = c.memories(w.Sides), c.curves
	return &w
}

// perUnit is how many steps a figure has for each of its unit. Package stat ranks
// durations, which are whole numbers; a millionth is far less than any program prints.
const perUnit = 1e6

// most keeps what is scaled within an int64.
const most = 9e18

func scaled(value float64) time.Duration { return time.Duration(min(value*perUnit, most)) }

func unscaled(d time.Duration) float64 { return float64(d) / perUnit }

// seed makes intervals the same each time a file is read.
const seed = 1

// figure needs values that are not empty.
func (c *Collector) figure(k figureKey, side string, of *values) Figure {
	all := of.parts.Joined()
	f := Figure{
		Program: k.program, Name: k.name, Unit: k.unit, RuntimeClass: side, LessIsBetter: record.Figure{Unit: k.unit}.LessIsBetter(),
		N: all.N(), Median: unscaled(all.Quantile(0.5).Latency),
	}
	interval := of.parts.Interval(0.5, stat.Confidence)
	f.Low, f.High = end(interval.Low), end(interval.High)
	if len(c.sides) > 0 {
		f.ToFirst = c.ratio(k, c.sides[0], side, of)
	}
	f.ToNative = c.ratio(k, record.Native, side, of)
	return f
}

func end(p *stat.Point) *float64 {
	if p == nil {
		return nil
	}
	v := unscaled(p.Latency)
	return &v
}

// ratio is how many times the figure of one side is that of another, which the same runs
// measured.
func (c *Collector) ratio(k figureKey, base, side string, of *values) *stat.Ratio {
	b := c.values[valueKey{k, base}]
	if b == nil || base == side {
		return nil
	}
	return stat.ChangeOfParts(b.parts, of.parts, true, 0.5, seed).Ratio
}
