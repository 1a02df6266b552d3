package page

import (
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// memoryChart is memory against instances, with a line for each class.
type memoryChart struct {
	Source string        `json:"source"`
	Lines  []*memoryLine `json:"lines"`
}

// memoryLine is the points of a class and the slope through them. Each point is what was
// used above what there was at the beginning of its round.
type memoryLine struct {
	Class int         `json:"class"`
	Slope float64     `json:"slopeBytes"`
	Low   *float64    `json:"lowBytes,omitempty"`
	High  *float64    `json:"highBytes,omitempty"`
	Most  int         `json:"most"`
	Dots  []memoryDot `json:"points"`
}

type memoryDot struct {
	Instances float64 `json:"instances"`
	Bytes     float64 `json:"bytes"`
	Round     int     `json:"round"`
}

// memoryDotLimit bounds the points of one line.
const memoryDotLimit = 1500

// memory is nil where no memory was read.
func (c *charts) memory(s *analysis.Summary) *memoryChart {
	source := chartedSource(s.Memory)
	chart := &memoryChart{Source: table.SourceName(source)}
	for i := range s.Memory {
		if m := &s.Memory[i]; m.Source == source {
			chart.Lines = append(chart.Lines, c.memoryLine(m))
		}
	}
	if len(chart.Lines) == 0 {
		return nil
	}
	return chart
}

// chartedSource is the source that is drawn: of those that most classes have, the one
// that has most of what an instance costs and least of what else its node does.
func chartedSource(list []round.Memory) round.MemorySource {
	count := map[round.MemorySource]int{}
	for _, m := range list {
		count[m.Source]++
	}
	best := round.NodeGroupMemory
	for _, source := range []round.MemorySource{round.NodeMemory, round.PodMemory} {
		if count[source] > count[best] {
			best = source
		}
	}
	return best
}

func (c *charts) memoryLine(m *round.Memory) *memoryLine {
	line := &memoryLine{Class: c.class(m.Key()), Slope: float64(m.PerInstance.Value), Most: m.MostInstances, Dots: []memoryDot{}}
	if p := m.PerInstance; p.Interval {
		low, high := float64(p.Low), float64(p.High)
		line.Low, line.High = &low, &high
	}
	total := 0
	for _, round := range m.Rounds {
		total += len(round)
	}
	step, i := 1+(total-1)/memoryDotLimit, 0
	for r, round := range m.Rounds {
		var x, y float64
		for _, p := range round {
			x, y = x+p.X/float64(len(round)), y+p.Y/float64(len(round))
		}
		for _, p := range round {
			if i++; i%step == 0 {
				line.Dots = append(line.Dots, memoryDot{Instances: p.X, Bytes: p.Y - (y - line.Slope*x), Round: r + 1})
			}
		}
	}
	return line
}

func memoryFigure(s *analysis.Summary, c *memoryChart) templates.Figure {
	if c == nil {
		return templates.Figure{}
	}
	lead := fmt.Sprintf("What the %s used above what it used without instances, by the number of instances. Each point is the median of a round's readings at that number; "+
		"the line is the slope, the memory of one more instance, between the dashed ends of its 95 %% interval.", c.Source)
	if slices.ContainsFunc(c.Lines, func(l *memoryLine) bool { return l.Low == nil }) {
		lead += " A line without them has too few rounds."
	}
	return templates.Figure{ID: "memory", Title: "Memory against instances", Lead: lead, Table: htmlTable("Memory per instance", table.Memory(s))}
}
