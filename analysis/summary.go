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
	Cells    []Cell    `json:"cells"`
	Lateness Lateness  `json:"lateness"`
	Warnings []Warning `json:"warnings"`
}

// RunInfo says where a summary comes from.
type RunInfo struct {
	RunID   string             `json:"runId"`
	Tool    record.Tool        `json:"tool"`
	Command string             `json:"command"`
	Started time.Time          `json:"started"`
	Seed    uint64             `json:"seed"`
	Classes []record.Class     `json:"runtimeClasses"`
	Cluster record.Fingerprint `json:"cluster"`
	// End is how the run ended; empty when it was killed.
	End string `json:"end,omitempty"`
}

// Summarise pools the samples of the runs, per RuntimeClass and number of
// services.
func Summarise(runs ...*record.Run) *Summary {
	c := collector{cells: map[Key]*cellBuilder{}}
	for _, r := range runs {
		c.addRun(r)
	}
	return c.summary()
}

type collector struct {
	runs     []RunInfo
	classes  []string // in the order of their first mention
	cells    map[Key]*cellBuilder
	warnings []Warning
}

func (c *collector) addRun(r *record.Run) {
	c.runs = append(c.runs, runInfo(r))
	for _, class := range r.Header.Classes {
		c.class(class.Name)
	}
	for i := range r.Samples {
		c.addSample(&r.Samples[i])
	}
	c.instances(r)
	c.troubles(r)
	for _, w := range r.Warnings {
		c.warnings = append(c.warnings, Warning{Code: IncompleteFile, Message: fmt.Sprintf("run %s: %s", r.Header.RunID, w)})
	}
}

func runInfo(r *record.Run) RunInfo {
	h := r.Header
	info := RunInfo{RunID: h.RunID, Tool: h.Tool, Command: h.Command, Started: h.Started, Seed: h.Seed, Classes: h.Classes, Cluster: h.Cluster}
	if r.End != nil {
		info.End = r.End.Reason
	}
	return info
}

func (c *collector) class(name string) {
	if !slices.Contains(c.classes, name) {
		c.classes = append(c.classes, name)
	}
}

func (c *collector) addSample(s *record.Sample) {
	k := Key{s.RuntimeClass, s.Services}
	b := c.cells[k]
	if b == nil {
		b = &cellBuilder{}
		c.cells[k] = b
		c.class(s.RuntimeClass)
	}
	b.add(s)
}

func (c *collector) summary() *Summary {
	s := &Summary{Runs: c.runs, Cells: []Cell{}, Warnings: []Warning{}}
	var late []time.Duration
	var cellWarnings []Warning
	for _, k := range c.keys() {
		b := c.cells[k]
		s.Cells = append(s.Cells, b.cell(k))
		cellWarnings = append(cellWarnings, b.warnings(k)...)
		late = append(late, b.late...)
	}
	addRatios(s.Cells)
	var lateWarnings []Warning
	s.Lateness, lateWarnings = pooledLateness(s.Cells, late)
	s.Warnings = slices.Concat(s.Warnings, lateWarnings, c.missing(), cellWarnings, c.warnings)
	return s
}

// keys are the cells' in the order of the summary.
func (c *collector) keys() []Key {
	var keys []Key
	for k := range c.cells {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Services, b.Services),
			cmp.Compare(slices.Index(c.classes, a.RuntimeClass), slices.Index(c.classes, b.RuntimeClass)))
	})
	return keys
}

// missing warns of the classes that no sample was taken of.
func (c *collector) missing() []Warning {
	var list []Warning
	for _, name := range c.classes {
		seen := false
		for k := range c.cells {
			seen = seen || k.RuntimeClass == name
		}
		if !seen {
			list = append(list, Warning{Code: NoSamples, RuntimeClass: name, Message: name + ": no samples"})
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
