// Package work says what the programs of the studies measured in instances of each
// RuntimeClass and natively, and what memory was used meanwhile.
//
// Every figure is a median over blocks, of which each has an instance of its own. It is
// related to that of the first class and to that of native, the base that has no container.
package work

import (
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Work is what the works of all runs say, pooled.
type Work struct {
	// Sides are the classes in the order in which they were named, and then record.Native.
	Sides []string `json:"sides"`
	// Figures are in the order of programs, then of what these print, then of sides.
	Figures []Figure `json:"figures"`
	// Memory is in the order of programs, then of sides.
	Memory   []Memory  `json:"memory,omitempty"`
	Failures []Failure `json:"failures,omitempty"`
	// Missing is what was not run of what was planned.
	Missing []Missing `json:"missing,omitempty"`
	// Planned counts the programs that were to run and that count, each in each block.
	Planned int `json:"planned"`
	// Discarded counts those of the blocks that warm caches.
	Discarded int     `json:"discarded"`
	Curves    []Curve `json:"curves,omitempty"`
	// Published has figures of others, where they were asked for.
	Published []Published `json:"published,omitempty"`
}

// Figure is one figure of one side.
type Figure struct {
	Program      string `json:"program"`
	Name         string `json:"name"`
	Unit         string `json:"unit"`
	RuntimeClass string `json:"runtimeClass"`
	// LessIsBetter says that the figure is a time.
	LessIsBetter bool `json:"lessIsBetter,omitempty"`
	N            int  `json:"n"`
	// Median is in Unit, and so are the ends of its interval at stat.Confidence. What so few
	// values do not give is left out. A figure of which nothing is known has no Name.
	Median *float64 `json:"median,omitempty"`
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
	// ToFirst and ToNative are how many times the figure is that of the first class, and of
	// native. They are nil for the base itself, and where it is not known or zero.
	ToFirst  *stat.Ratio `json:"toFirst,omitempty"`
	ToNative *stat.Ratio `json:"toNative,omitempty"`
}

// Memory is what was used while one side ran a program, in bytes: medians over blocks, of
// each the median of its readings. What was not read is nil.
type Memory struct {
	Program      string `json:"program"`
	RuntimeClass string `json:"runtimeClass"`
	// Readings is how many there were of the node, in all blocks.
	Readings int `json:"readings"`
	// Instance is the working set of the pod's cgroup, and InstancePeak the most that one
	// reading had in any block. Natively there is no instance.
	Instance      *int64 `json:"instanceBytes,omitempty"`
	InstancePeak  *int64 `json:"instancePeakBytes,omitempty"`
	InstanceCache *int64 `json:"instanceCacheBytes,omitempty"`
	// Node is what is not available to programs on the node, and NodeCache what the kernel
	// keeps of files.
	Node      *int64 `json:"nodeBytes,omitempty"`
	NodeCache *int64 `json:"nodeCacheBytes,omitempty"`
	// Over is by how much the node used more than while the same program ran natively in the
	// same block.
	Over *Range `json:"overNative,omitempty"`
}

// Range is the least and the greatest of the values of blocks, and their median.
type Range struct {
	Low    int64 `json:"lowBytes"`
	Median int64 `json:"medianBytes"`
	High   int64 `json:"highBytes"`
}

// Failure is a program that did not come to its end on one side.
type Failure struct {
	Program      string `json:"program"`
	RuntimeClass string `json:"runtimeClass"`
	Times        int    `json:"times"`
	// Outcome and Error are those of the first time.
	Outcome record.Outcome `json:"outcome"`
	Error   string         `json:"error"`
}

// Missing is a program that was run in fewer blocks than were planned.
type Missing struct {
	Program      string `json:"program"`
	RuntimeClass string `json:"runtimeClass"`
	Ran          int    `json:"ran"`
	Planned      int    `json:"planned"`
}

// NotRun is how many programs were not run of those that were planned.
func (w *Work) NotRun() int {
	n := 0
	for _, m := range w.Missing {
		n += m.Planned - m.Ran
	}
	return n
}

// HasNative says that there are figures of what ran natively.
func (w *Work) HasNative() bool {
	return slices.ContainsFunc(w.Figures, func(f Figure) bool { return f.RuntimeClass == record.Native && f.N > 0 })
}

// Curve is the memory in the course of one turn of a side: the last one in which as many
// programs came to their end as ever did in one of its turns.
type Curve struct {
	RuntimeClass string         `json:"runtimeClass"`
	Programs     []CurveProgram `json:"programs"`
	Points       []CurvePoint   `json:"points"`
}

// CurveProgram is when a program of a curve ran, since the curve began.
type CurveProgram struct {
	Program string        `json:"program"`
	Begun   time.Duration `json:"begunNs"`
	Ended   time.Duration `json:"endedNs"`
}

// CurvePoint is one reading. Of an instance it is nil where none was read.
type CurvePoint struct {
	After    time.Duration `json:"afterNs"`
	Node     int64         `json:"nodeBytes"`
	Cache    int64         `json:"nodeCacheBytes"`
	Instance *int64        `json:"instanceBytes,omitempty"`
}

// failed says that a program has no figures that count.
func failed(w *record.Work) bool { return w.Outcome != record.OK }
