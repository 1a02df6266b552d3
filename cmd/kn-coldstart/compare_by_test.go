package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestCompareBy shows that each value of --by compares what it names, and only that.
func TestCompareBy(t *testing.T) {
	classes := runOf(record.Class{Name: "runc"}, record.Class{Name: "gvisor"})
	sides := runOf(record.Class{Name: "runc", Variant: record.VariantA}, record.Class{Name: "runc", Variant: record.VariantB})
	both := runOf(record.Class{Name: "runc", Variant: record.VariantA}, record.Class{Name: "crun", Variant: record.VariantB})
	for _, c := range []struct {
		name, by  string
		run       *record.Run
		base, new string // empty if there is nothing to compare
	}{
		{"classes by class", "runtimeClass", classes, "runc", "gvisor"},
		{"classes by side", "variant", classes, "", ""},
		{"sides by side", "variant", sides, "runc (a)", "runc (b)"},
		{"sides by class", "runtimeClass", sides, "", ""},
		{"sides of two classes by side", "variant", both, "runc (a)", "crun (b)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := comparisons[c.by]([]*record.Run{c.run}, analysis.CompareOptions{})
			if c.base == "" {
				if !errors.Is(err, analysis.ErrNothingToCompare) {
					t.Errorf("error %v, want %v", err, analysis.ErrNothingToCompare)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var pairs [][2]string
			for _, row := range got.Rows {
				pairs = append(pairs, [2]string{classOf(row.Base), classOf(row.New)})
			}
			if diff := cmp.Diff([][2]string{{c.base, c.new}}, pairs); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// classOf is the class of a cell, and its side.
func classOf(k record.Key) string {
	if k.Variant == "" {
		return k.RuntimeClass
	}
	return k.RuntimeClass + " (" + k.Variant + ")"
}

// runOf is a run with ten samples of each class.
func runOf(classes ...record.Class) *record.Run {
	run := &record.Run{Header: record.Header{RunID: "r", Classes: classes}}
	for block := range 10 {
		for i, class := range classes {
			latency := time.Duration(i+1)*time.Second + time.Duration(block)*time.Millisecond
			run.Samples = append(run.Samples, (&runMaker{}).sample(class, block, 0, latency))
		}
	}
	return run
}
