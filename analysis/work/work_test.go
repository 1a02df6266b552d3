package work_test

import (
	"errors"
	"fmt"
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
	if w.Planned != 36 || w.Discarded != 6 || len(w.Figures) != 9 {
		t.Errorf("%d programs were planned and %d were discarded, %d figures", w.Planned, w.Discarded, len(w.Figures))
	}
	native, runc, gvisor := of(t, w, "GET", record.Native), of(t, w, "GET", "runc"), of(t, w, "GET", "gvisor")
	if native.N != 6 || *native.Median != 1030 || *native.Low != 1010 || *native.High != 1060 || native.ToNative != nil || native.Unit != "requests/s" {
		t.Errorf("native %+v", native)
	}
	if math.Abs(float64(runc.ToNative.Value)-0.8) > 1e-6 || !runc.ToNative.Interval || runc.ToFirst != nil || runc.LessIsBetter {
		t.Errorf("runc %+v", runc)
	}
	if gvisor.N != 5 || math.Abs(float64(gvisor.ToNative.Value)-0.1) > 0.01 || math.Abs(float64(gvisor.ToFirst.Value)-0.125) > 0.01 {
		t.Errorf("gvisor %+v", gvisor)
	}
	if latency := of(t, w, "latency avg", "gvisor"); *latency.Median != 0.75 || !latency.LessIsBetter || latency.ToNative.Value != 1 {
		t.Errorf("latency %+v", latency)
	}
	want := []work.Failure{{Program: "redis", RuntimeClass: "gvisor", Times: 1, Outcome: record.HTTP, Error: w.Failures[0].Error}}
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

// worked is the known run with some of its works.
func worked(keep func(*record.Work) bool) *record.Run {
	r := runtest.Worked()
	var kept []record.Work
	for _, w := range r.Works {
		if keep(&w) {
			kept = append(kept, w)
		}
	}
	r.Works, r.End.Works = kept, len(kept)
	return r
}

// messages are those of the warnings with a code.
func messages(s *analysis.Summary, code analysis.Code) (list []string) {
	for _, w := range s.Warnings {
		if w.Code == code {
			list = append(list, w.Message)
		}
	}
	return list
}

// What was planned and not run is told, and counts as planned.
func TestCutShort(t *testing.T) {
	s := analysis.Summarise(worked(func(w *record.Work) bool {
		return w.Block < 3 && (w.Program != "redis" || w.RuntimeClass != "runc")
	}))
	if s.Work.Planned != 36 || s.Work.NotRun() != 36-10 || len(s.Work.Figures) != 9 {
		t.Errorf("%d planned, %d not run, %d figures", s.Work.Planned, s.Work.NotRun(), len(s.Work.Figures))
	}
	want := []string{"runc: 0 of 6 blocks of redis were run", "gvisor: 2 of 6 blocks of redis were run", "native: 2 of 6 blocks of redis were run",
		"runc: 2 of 6 blocks of sysbench-cpu were run", "gvisor: 2 of 6 blocks of sysbench-cpu were run", "native: 2 of 6 blocks of sysbench-cpu were run"}
	if diff := cmp.Diff(want, messages(s, analysis.NotMade)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if f := of(t, s.Work, "GET", "runc"); f.N != 0 || f.Median != nil || f.ToNative != nil || f.Unit != "requests/s" {
		t.Errorf("what was not run is %+v", f)
	}
	nothing := analysis.Summarise(worked(func(*record.Work) bool { return false }))
	if got := messages(nothing, analysis.NotMade); len(got) != 6 || nothing.Work.NotRun() != 36 {
		t.Errorf("nothing was run: %q, %+v", got, nothing.Work)
	}
}

// A base that was asked for and is missing is not one that nobody asked for.
func TestNativeThatDidNotRun(t *testing.T) {
	r := worked(func(w *record.Work) bool { return w.RuntimeClass != record.Native })
	s := analysis.Summarise(r)
	if got := messages(s, analysis.NoSamples); len(got) > 0 || len(messages(s, analysis.NotMade)) != 2 || s.Work.HasNative() {
		t.Errorf("asked for: %q, has %v", s.Warnings, s.Work.HasNative())
	}
	r.Header.Settings.Native = false
	s = analysis.Summarise(r)
	if got := messages(s, analysis.NoSamples); len(got) != 1 || len(messages(s, analysis.NotMade)) > 0 {
		t.Errorf("not asked for: %q", s.Warnings)
	}
}

// Rows are in the order of the programs of the run, whichever was measured first, and a
// side that failed, or all, has its rows.
func TestOrder(t *testing.T) {
	r := runtest.Worked()
	r.Header.Settings.Programs = []string{"sysbench-cpu", "7zip", "redis"}
	for i := range r.Works {
		if w := &r.Works[i]; w.Program == "redis" && w.RuntimeClass == "runc" {
			w.Outcome, w.Error, w.Figures = record.Reset, "broke", nil
		}
	}
	var got []string
	for _, f := range analysis.Summarise(r).Work.Figures {
		got = append(got, fmt.Sprint(f.Program, ",", f.Name, ",", f.RuntimeClass, ",", f.N, ",", f.Median != nil))
	}
	want := []string{"sysbench-cpu,latency avg,runc,6,true", "sysbench-cpu,latency avg,gvisor,6,true", "sysbench-cpu,latency avg,native,6,true",
		"7zip,,runc,0,false", "7zip,,gvisor,0,false", "7zip,,native,0,false",
		"redis,GET,runc,0,false", "redis,GET,gvisor,5,true", "redis,GET,native,6,true",
		"redis,PING,runc,0,false", "redis,PING,gvisor,5,true", "redis,PING,native,6,true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// The kubelet reads too seldom for a program: what it read is no memory of one.
func TestReadingsOfTheKubeletAreLeftOut(t *testing.T) {
	r := runtest.Worked()
	for i := range r.Resources {
		if u := &r.Resources[i]; u.Scope == record.ScopeNode {
			u.Clock = record.ClockKubelet
		}
	}
	for _, m := range analysis.Summarise(r).Work.Memory {
		if m.Node != nil || m.NodeCache != nil || m.Over != nil || m.Readings != 0 || m.Instance == nil {
			t.Errorf("%+v", m)
		}
	}
	for i := range r.Resources {
		r.Resources[i].Clock = record.ClockKubelet
	}
	if w := analysis.Summarise(r).Work; len(w.Memory) > 0 || len(w.Curves) > 0 {
		t.Errorf("%+v, %+v", w.Memory, w.Curves)
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
	alone := worked(func(w *record.Work) bool { return w.RuntimeClass != record.Native })
	alone.Header.Settings.Native = false
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
