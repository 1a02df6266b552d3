package work

import (
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Collector gathers the works of runs, one run after the other.
type Collector struct {
	classes []string
	// programs are in the order in which the runs had instances run them, and figures in
	// that in which a program printed them.
	programs  []string
	figures   map[string][]figureKey // by program
	counts    map[programKey]*count
	values    map[valueKey]*values
	memory    map[programKey]*blocks
	discarded int
	curves    []Curve
	runs      int
	run       *run
}

// programKey is a program on one side.
type programKey struct{ program, side string }

// count is in how many blocks a program was to run, did so, and failed.
type count struct {
	planned, ran, failed int
	first                record.Work // that failed
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
	return &Collector{figures: map[string][]figureKey{}, counts: map[programKey]*count{}, values: map[valueKey]*values{},
		memory: map[programKey]*blocks{}, run: newRun()}
}

func newRun() *run { return &run{nodes: map[string][]reading{}, sides: map[string][]reading{}} }

// Header begins a run.
func (c *Collector) Header(h *record.Header) {
	c.run = newRun()
	if c.run.works = h.Shape.Work; !c.run.works {
		return
	}
	var sides []string
	for _, class := range h.Classes {
		sides = append(sides, class.Name)
		c.classes = added(c.classes, class.Name)
	}
	if h.Settings.Native {
		sides = append(sides, record.Native)
	}
	for _, program := range h.Settings.Programs {
		c.programs = added(c.programs, program)
		for _, side := range sides {
			c.count(program, side).planned += h.Settings.Iterations
		}
	}
}

// added is a list with what it did not have.
func added[T comparable](list []T, one T) []T {
	if slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

func (c *Collector) count(program, side string) *count {
	k := programKey{program, side}
	if c.counts[k] == nil {
		c.counts[k] = &count{}
	}
	return c.counts[k]
}

// Resource takes the next reading. Those of the kubelet are left out: it reads each ten
// seconds or so, which is longer than most programs run, and does not tell the cache.
func (c *Collector) Resource(u *record.Resource) {
	if !c.run.works || u.Clock == record.ClockKubelet {
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
	if w.Discarded {
		c.discarded++
		return
	}
	c.programs = added(c.programs, w.Program)
	n := c.count(w.Program, w.RuntimeClass)
	n.ran++
	if failed(w) {
		if n.failed++; n.failed == 1 {
			n.first = *w
		}
		return
	}
	for _, f := range w.Figures {
		k := figureKey{w.Program, f.Name, f.Unit}
		c.figures[w.Program] = added(c.figures[w.Program], k)
		of := c.values[valueKey{k, w.RuntimeClass}]
		if of == nil {
			of = &values{}
			c.values[valueKey{k, w.RuntimeClass}] = of
		}
		of.present = append(of.present, scaled(f.Value))
	}
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
	if curves := c.run.curves(append(slices.Clone(c.classes), record.Native)); len(curves) > 0 {
		c.curves = curves
	}
	c.run = newRun()
}

// Has says that programs ran on a side, or were to.
func (c *Collector) Has(side string) bool {
	for k := range c.counts {
		if k.side == side {
			return true
		}
	}
	return false
}

// Result is that of all runs. It is nil where no program was to run.
func (c *Collector) Result() *Work {
	if len(c.counts) == 0 {
		return nil
	}
	w := &Work{Sides: slices.Clone(c.classes), Discarded: c.discarded, Figures: []Figure{}, Curves: c.curves}
	if c.Has(record.Native) {
		w.Sides = append(w.Sides, record.Native)
	}
	for _, program := range c.programs {
		for _, k := range c.figuresOf(program) {
			for _, side := range w.Sides {
				w.Figures = append(w.Figures, c.figure(k, side))
			}
		}
		for _, side := range w.Sides {
			c.tell(w, program, side)
		}
	}
	w.Memory = c.memories(w.Sides)
	return w
}

// figuresOf are what a program has printed. Of one that failed each time it is a figure
// without a name, so that no table leaves the program out.
func (c *Collector) figuresOf(program string) []figureKey {
	if list := c.figures[program]; len(list) > 0 {
		return list
	}
	return []figureKey{{program: program}}
}

// tell adds what became of a program on one side.
func (c *Collector) tell(w *Work, program, side string) {
	n := c.counts[programKey{program, side}]
	if n == nil { // of several runs, those of this side had other programs
		return
	}
	w.Planned += max(n.planned, n.ran)
	if n.ran < n.planned {
		w.Missing = append(w.Missing, Missing{program, side, n.ran, n.planned})
	}
	if n.failed > 0 {
		w.Failures = append(w.Failures, Failure{program, side, n.failed, n.first.Outcome, n.first.Error})
	}
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

// figure is one of one side, with nothing but its name where the side has none.
func (c *Collector) figure(k figureKey, side string) Figure {
	f := Figure{Program: k.program, Name: k.name, Unit: k.unit, RuntimeClass: side, LessIsBetter: record.Figure{Unit: k.unit}.LessIsBetter()}
	of := c.values[valueKey{k, side}]
	if of == nil {
		return f
	}
	all := of.parts.Joined()
	median, interval := all.Quantile(0.5), of.parts.Interval(0.5, stat.Confidence)
	f.N, f.Median, f.Low, f.High = all.N(), end(&median), end(interval.Low), end(interval.High)
	if len(c.classes) > 0 {
		f.ToFirst = c.ratio(k, c.classes[0], side, of)
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

// ratio is how many times the median of one side is that of another, over all blocks of
// all runs that have it, which need not be the same blocks.
func (c *Collector) ratio(k figureKey, base, side string, of *values) *stat.Ratio {
	b := c.values[valueKey{k, base}]
	if b == nil || base == side {
		return nil
	}
	return stat.ChangeOfParts(b.parts, of.parts, true, 0.5, seed).Ratio
}
