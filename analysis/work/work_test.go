package work_test

import (
	"errors"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/golden"
	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/work"
)

const mib = 1 << 20

func of(t *testing.T, w *work.Work, name, side string) work.Figure {
	t.Helper()
	for _, f := range w.Figures {
		if f.Name == name && f.RuntimeClass == side {
			return f
		}
	}
	t.Fatalf("no figure %s of %s", name, side)
	return work.Figure{}
}

// The known run: medians over its six blocks, shares of native and of the first class.
func TestFigures(t *testing.T) {
	w := analysis.Summarise(runtest.Worked()).Work
	if diff := cmp.Diff([]string{"runc", "gvisor", record.Native}, w.Sides); diff != "" {
		t.Errorf("sides:\n%s", diff)
	}
	if w.Ran != 36 || w.Discarded != 6 || len(w.Figures) != 9 {
		t.Errorf("%d programs ran and %d were discarded, %d figures", w.Ran, w.Discarded, len(w.Figures))
	}
	native, runc, gvisor := of(t, w, "GET", record.Native), of(t, w, "GET", "runc"), of(t, w, "GET", "gvisor")
	if native.N != 6 || native.Median != 1030 || *native.Low != 1010 || *native.High != 1060 || native.ToNative != nil || native.Unit != "requests/s" {
		t.Errorf("native %+v", native)
	}
	if math.Abs(float64(runc.ToNative.Value)-0.8) > 1e-6 || !runc.ToNative.Interval || runc.ToFirst != nil || runc.LessIsBetter {
		t.Errorf("runc %+v", runc)
	}
	if gvisor.N != 5 || math.Abs(float64(gvisor.ToNative.Value)-0.1) > 0.01 || math.Abs(float64(gvisor.ToFirst.Value)-0.125) > 0.01 {
		t.Errorf("gvisor %+v", gvisor)
	}
	if latency := of(t, w, "latency avg", "gvisor"); latency.Median != 0.75 || !latency.LessIsBetter || latency.ToNative.Value != 1 {
		t.Errorf("latency %+v", latency)
	}
	want := []work.Failure{{Program: "redis", RuntimeClass: "gvisor", Times: 1, Error: w.Failures[0].Error}}
	if diff := cmp.Diff(want, w.Failures); diff != "" || w.Failures[0].Error == "" {
		t.Errorf("failures:\n%s", diff)
	}
}

// What the node uses drifts by 1 MiB a block, which is in no difference to native.
func TestMemory(t *testing.T) {
	w := analysis.Summarise(runtest.Worked()).Work
	over := map[string]work.Range{}
	for _, m := range w.Memory {
		if m.Program != "sysbench-cpu" {
			continue
		}
		if m.Over != nil {
			over[m.RuntimeClass] = *m.Over
		}
		if *m.NodeCache != 500*mib || m.Readings != 6*5 {
			t.Errorf("%+v", m)
		}
		if m.RuntimeClass == record.Native && m.Instance != nil {
			t.Errorf("native has an instance: %+v", m)
		}
		if m.RuntimeClass == "runc" && (*m.Instance != 15*mib || *m.InstanceCache != 3*mib || *m.InstancePeak != 15*mib || *m.Node != 1033.5*mib) {
			t.Errorf("runc %+v", m)
		}
	}
	want := map[string]work.Range{"runc": {Low: 30 * mib, Median: 30 * mib, High: 30 * mib}, "gvisor": {Low: 60 * mib, Median: 60 * mib, High: 60 * mib}}
	if diff := cmp.Diff(want, over); diff != "" {
		t.Errorf("over native (-want +got):\n%s", diff)
	}
}

func TestCurves(t *testing.T) {
	w := analysis.Summarise(runtest.Worked()).Work
	if len(w.Curves) != 3 {
		t.Fatalf("%d curves", len(w.Curves))
	}
	for _, c := range w.Curves {
		first, native := c.Points[0], c.RuntimeClass == record.Native
		if len(c.Points) != 10 || first.After != 0 || (first.Instance == nil) != native {
			t.Errorf("%s: %d points, first %+v", c.RuntimeClass, len(c.Points), first)
		}
	}
	if two := w.Curves[0].Programs; len(two) != 2 || two[0].Begun != 0 || two[1].Program != "sysbench-cpu" {
		t.Errorf("programs %+v", two)
	}
}

// Of two runs the intervals come from how much the runs differ, and without native there
// is no share of it.
func TestRunsArePooled(t *testing.T) {
	first, second := runtest.Worked(), runtest.Worked()
	second.Header.RunID = "other"
	w := analysis.Summarise(first, second).Work
	if f := of(t, w, "GET", "runc"); f.N != 12 || f.ToNative == nil {
		t.Errorf("%+v", f)
	}
	alone := runtest.Worked()
	var kept []record.Work
	for _, one := range alone.Works {
		if one.RuntimeClass != record.Native {
			kept = append(kept, one)
		}
	}
	alone.Works, alone.End.Works = kept, len(kept)
	s := analysis.Summarise(alone)
	if f := of(t, s.Work, "GET", "gvisor"); f.ToNative != nil || f.ToFirst == nil || len(s.Work.Sides) != 2 {
		t.Errorf("%+v of sides %v", f, s.Work.Sides)
	}
	for _, m := range s.Work.Memory {
		if m.Over != nil {
			t.Errorf("over a native that did not run: %+v", m)
		}
	}
}

// The file is what the scripts of cmd/kn-coldstart report of.
func TestGoldenRunFile(t *testing.T) {
	r := runtest.Worked()
	golden.Check(t, "../../testdata/work.jsonl", func(out io.Writer) error {
		w, err := record.NewWriter(out, r.Header)
		for _, u := range r.Resources {
			err = errors.Join(err, w.Resource(u))
		}
		for _, one := range r.Works {
			err = errors.Join(err, w.Work(one))
		}
		return errors.Join(err, w.End(r.End.At, r.End.Reason, nil))
	})
	read, err := record.ReadFile("../testdata/work.jsonl")
	if err != nil || len(read.Damage) > 0 || len(read.Works) != len(r.Works) {
		t.Errorf("%d works, damage %v, error %v", len(read.Works), read.Damage, err)
	}
}

func TestPublishedFiguresStandBeside(t *testing.T) {
	s := analysis.Summarise(runtest.Worked())
	s.AddPublished()
	shares, memory := s.Work.PublishedOf("redis", "gvisor")
	if shares == nil || shares.Low != 0.05 || shares.High != 0.18 || memory != nil {
		t.Errorf("gvisor: %+v, %+v", shares, memory)
	}
	if shares, memory = s.Work.PublishedOf("7zip", "runc"); shares != nil || memory == nil || memory.Memory != "< 50 MB" {
		t.Errorf("runc: %+v, %+v", shares, memory)
	}
}
