// Package metric says what a run or a verdict has shown as metrics: numbers with labels,
// for systems that keep such over time and draw them beside others.
//
// A start that was not answered has no latency, and must not vanish for that. It counts as
// slower than any: it is in the last bucket of a histogram alone, a sum that it is part of
// is infinite, and so is a quantile that falls on it.
//
// The package computes and knows no format. Package report writes metrics.
package metric

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Set is the metrics of one run or of one verdict.
type Set struct {
	// Version is that of the program that measured.
	Version string
	// Start is when what is counted began, and End when it was complete. Both are zero
	// where that is not known.
	Start, End time.Time
	Families   []Family
}

// Family is one metric with all its points.
type Family struct {
	// Name is in words of lower case, joined by underscores. It has neither the name of
	// this program nor the unit.
	Name   string
	Help   string
	Unit   Unit
	Kind   Kind
	Points []Point
}

// Unit is what the values are in. It is a base unit, in the plural.
type Unit string

// The units. A number of things has none.
const (
	None    Unit = ""
	Seconds Unit = "seconds"
	Bytes   Unit = "bytes"
)

// Kind says what the values of a family mean.
type Kind int

// The kinds.
const (
	Gauge     Kind = iota // a value
	Counter               // how many there have been since the start
	Histogram             // how many there have been since the start, by their size
)

// Point is one value of a family. No two points of a family have the same labels.
type Point struct {
	Labels []Label
	Value  float64
	// Buckets is what a histogram has instead of a value.
	Buckets *Buckets
}

// add adds a value. A label without a value is left out.
func (f *Family) add(value float64, labels ...Label) {
	f.Points = append(f.Points, Point{Labels: filled(labels), Value: value})
}

func (f *Family) count(n int, labels ...Label) { f.add(float64(n), labels...) }

// oneOf adds a point for each of the values that a label may have. It is 1 for the value
// that holds, and 0 for the others, so that each stays in sight.
func (f *Family) oneOf(holds string, all []string, label string, labels ...Label) {
	for _, value := range all {
		is := 0
		if value == holds {
			is = 1
		}
		f.count(is, with(labels, label, value)...)
	}
}

func filled(labels []Label) []Label {
	return slices.DeleteFunc(slices.Clone(labels), func(l Label) bool { return l.Value == "" })
}

// with is a list of labels with one more.
func with(labels []Label, name, value string) []Label {
	return append(slices.Clone(labels), Label{name, value})
}

// labelsOf are those of a class, and of a number of services if the key has one.
func labelsOf(k record.Key) []Label {
	labels := []Label{{"runtime_class", k.RuntimeClass}, {"variant", k.Variant}}
	if k.Services > 0 {
		labels = with(labels, "services", strconv.Itoa(k.Services))
	}
	return labels
}

// families leaves out those without points.
func families(all ...*Family) []Family {
	var some []Family
	for _, f := range all {
		if len(f.Points) > 0 {
			some = append(some, *f)
		}
	}
	return some
}

// secondsOf is a latency in seconds, and infinite if it is known only to be over a limit.
func secondsOf(p stat.Point) float64 {
	if p.Over {
		return math.Inf(1)
	}
	return inSeconds(p.Latency)
}

// inSeconds is as near to the nanoseconds as a number can be; Duration.Seconds is not.
func inSeconds(d time.Duration) float64 { return float64(d) / float64(time.Second) }
