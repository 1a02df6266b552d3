//go:build e2e

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// workArchive is the image with the programs. scripts/e2e has loaded it into the node.
func workArchive(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("KN_COLDSTART_E2E_FUNCTIONS")
	if folder == "" {
		t.Fatal("KN_COLDSTART_E2E_FUNCTIONS names no folder with images: run scripts/e2e")
	}
	return filepath.Join(folder, "work.tar")
}

// Every program measures something in an instance of each class and natively, and nothing
// is left.
func TestWork(t *testing.T) {
	temporary, file := t.TempDir(), filepath.Join(t.TempDir(), "run.jsonl")
	t.Setenv("TMPDIR", temporary)
	r := kn(t, "work", "--runtime-class", "runc,crun", "--native", workArchive(t), "--iterations", "1", "--redis-requests", "100", "--published", "--run-file", file)
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	if r.code != exitOK || run.End == nil || run.End.Reason != record.EndCompleted || len(run.Damage) > 0 {
		t.Fatalf("exit code %d, end %+v, damage %v\n%s", r.code, run.End, run.Damage, r)
	}
	t.Log(r.stdout)
	sides, programs := []string{"runc", "crun", record.Native}, len(experiment.WorkPrograms)
	if len(run.Works) != 2*len(sides)*programs {
		t.Errorf("%d works", len(run.Works))
	}
	pods := map[string]map[int]string{}
	for _, w := range run.Works {
		wantFigures(t, w)
		if pods[w.RuntimeClass] == nil {
			pods[w.RuntimeClass] = map[int]string{}
		}
		if before, known := pods[w.RuntimeClass][w.Block]; known && before != w.Instance {
			t.Errorf("%s, block %d: ran on %q and %q", w.RuntimeClass, w.Block, before, w.Instance)
		}
		pods[w.RuntimeClass][w.Block] = w.Instance
	}
	for side, of := range pods {
		if native := side == record.Native; (of[1] == "") != native || !native && of[0] == of[1] {
			t.Errorf("%s ran on %v", side, of)
		}
	}
	wantWorkSummary(t, analysis.Summarise(run), sides)
	if !strings.Contains(r.stdout, "0.79 … 0.96") || !strings.Contains(r.stderr, "own cost: ") {
		t.Errorf("%s", r)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
	wantNothingLeft(t)
}

// units are those of the figures of each program.
var units = map[string][]string{
	"redis": {"requests/s"}, "7zip": {"MIPS"}, "sysbench-cpu": {"events/s", "ms"}, "sysbench-memory": {"MiB/s"}, "sysbench-fileio": {"MiB/s"},
}

// wantFigures checks what holds of what a program measures on any machine.
func wantFigures(t *testing.T, w record.Work) {
	t.Helper()
	if w.Outcome != record.OK || w.Ended-w.Begun <= 0 || w.Ended-w.Begun > 4*time.Minute {
		t.Errorf("%s of %s in block %d: %s after %v: %s", w.Program, w.RuntimeClass, w.Block, w.Outcome, w.Ended-w.Begun, w.Error)
	}
	least := map[string]int{"redis": 15, "7zip": 3, "sysbench-cpu": 4, "sysbench-memory": 1, "sysbench-fileio": 3}[w.Program]
	if len(w.Figures) < least {
		t.Errorf("%s of %s has %d figures, want at least %d", w.Program, w.RuntimeClass, len(w.Figures), least)
	}
	for _, f := range w.Figures {
		known := false
		for _, unit := range units[w.Program] {
			known = known || unit == f.Unit
		}
		if f.Value <= 0 || !known {
			t.Errorf("%s of %s: %+v", w.Program, w.RuntimeClass, f)
		}
	}
}

// wantWorkSummary checks that each side has its figures and its memory.
func wantWorkSummary(t *testing.T, s *analysis.Summary, sides []string) {
	t.Helper()
	w := s.Work
	if len(w.Failures) > 0 || len(w.Figures)%len(sides) != 0 || len(w.Memory) != len(sides)*len(experiment.WorkPrograms) || len(w.Curves) != len(sides) {
		t.Fatalf("failures %+v, %d figures, %d memories, %d curves", w.Failures, len(w.Figures), len(w.Memory), len(w.Curves))
	}
	for i := range w.Figures {
		if f := &w.Figures[i]; f.N != 1 || f.Median == nil || *f.Median <= 0 || (f.ToNative == nil) != (f.RuntimeClass == record.Native) {
			t.Errorf("%+v", f)
		}
	}
	for i := range w.Memory {
		m := &w.Memory[i]
		native := m.RuntimeClass == record.Native
		if m.Node == nil || *m.Node <= 0 || m.NodeCache == nil || *m.NodeCache <= 0 || m.Readings < 1 || (m.Instance == nil) != native || (m.Over == nil) != native {
			t.Errorf("%+v", m)
		}
		if files := m.Program == "sysbench-fileio"; !native && (*m.Instance <= 0 || *m.InstanceCache < 0 || files && *m.InstanceCache == 0 || *m.InstancePeak < *m.Instance) {
			t.Errorf("%s of %s: %d bytes, %d at most, %d of cache", m.Program, m.RuntimeClass, *m.Instance, *m.InstancePeak, *m.InstanceCache)
		}
	}
}
