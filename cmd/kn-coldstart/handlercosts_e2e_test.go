//go:build e2e

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/handler"
)

// handlerCosts is what is looked at of 'cluster handlers -o json'.
type handlerCosts struct {
	Name, Version    string
	Files, Libraries []struct {
		Path  string
		Bytes int64
	}
	Needs  []struct{ Name string }
	Idle   []idleProcess
	InTurn costStarts
	AtOnce []costStarts
}

type idleProcess struct {
	PID         int
	Program     string
	MemoryBytes int64
}

type costStarts struct {
	Count       int
	StartNs     []int64
	StopNs      []int64
	MemoryBytes int64
	Processes   int
}

// testHandlerCosts measures what handlers of the node cost, with one that is broken among
// them, and looks at what is left.
func testHandlerCosts(t *testing.T, odd oddrunc) {
	defer removeHandler(t, addHandler(t, odd.with("exit").as("odd-cost")))
	before := nodeAndPods(t)
	found := measureCosts(t, exitOK, "runc", "gvisor", "--starts", "1,4")
	for _, h := range found {
		t.Run(h.Name, func(t *testing.T) { checkCosts(t, h, 1, 4) })
	}
	if runc, gvisor := found[0], found[1]; len(runc.Idle) < 2 || len(gvisor.Idle) < 3 {
		t.Errorf("runc has a shim and the program, gVisor also a sentry and a gofer: %+v, %+v", runc.Idle, gvisor.Idle)
	}
	broken := measureCosts(t, exitFailed, "odd-cost", "--starts", "1")
	if h := broken[0]; h.Version == "" || len(h.Files) != 2 || len(h.Idle) != 0 || len(h.InTurn.StartNs) != 0 {
		t.Errorf("a handler that creates nothing: %+v", h)
	}
	wantNoCostsLeft(t)
	if diff := cmp.Diff(before, nodeAndPods(t)); diff != "" {
		t.Errorf("not as before: %s", diff)
	}
}

func measureCosts(t *testing.T, code int, args ...string) []handlerCosts {
	t.Helper()
	r := kn(t, append([]string{"cluster", "handlers", "-o", "json"}, args...)...)
	t.Log(r.stderr)
	var found []handlerCosts
	if err := json.Unmarshal([]byte(r.stdout), &found); err != nil || r.code != code || len(found) == 0 {
		t.Fatalf("%v: exit code %d, want %d\n%s", err, r.code, code, r.stdout)
	}
	if _, err := handler.Read(strings.NewReader(r.stdout)); err != nil {
		t.Errorf("report cannot read it: %v", err)
	}
	return found
}

// checkCosts holds what is true of every handler that works.
func checkCosts(t *testing.T, h handlerCosts, counts ...int) {
	if h.Version == "" || len(h.Needs) == 0 || len(h.Files) == 0 || len(h.Idle) == 0 {
		t.Errorf("not all is told: %+v", h)
	}
	for _, file := range append(h.Files, h.Libraries...) {
		if info, err := os.Stat(file.Path); err != nil || info.Size() != file.Bytes || file.Bytes == 0 {
			t.Errorf("%+v: %v", file, err)
		}
	}
	for _, p := range h.Idle {
		if p.PID == 0 || p.Program == "" || p.MemoryBytes <= 0 {
			t.Errorf("process %+v", p)
		}
	}
	checkStarts(t, h.InTurn, slices.Max(counts))
	if len(h.AtOnce) != len(counts) {
		t.Fatalf("%d numbers at once, want %d", len(h.AtOnce), len(counts))
	}
	for i, starts := range h.AtOnce {
		checkStarts(t, starts, counts[i])
		if starts.MemoryBytes <= 0 || starts.Processes < 2*starts.Count {
			t.Errorf("%d instances have %d processes with %d bytes; each has a shim and a program", starts.Count, starts.Processes, starts.MemoryBytes)
		}
	}
}

func checkStarts(t *testing.T, s costStarts, count int) {
	t.Helper()
	if s.Count != count || len(s.StartNs) != count || len(s.StopNs) != count || slices.Min(s.StartNs) <= 0 || slices.Min(s.StopNs) <= 0 {
		t.Errorf("want %d starts and stops, all of which take time: %+v", count, s)
	}
}

// wantNoCostsLeft looks for what a measurement starts: processes and cgroups that are named
// after its instances.
func wantNoCostsLeft(t *testing.T) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Fatalf("no processes: %v", err)
	}
	for _, path := range lines {
		line, _ := os.ReadFile(path) // it may have ended meanwhile
		if strings.Contains(string(line), "kn-coldstart-cost") {
			t.Errorf("still runs: %s: %q", path, line)
		}
	}
	for _, pattern := range []string{"/sys/fs/cgroup/knative-node/cost-*", "/sys/fs/cgroup/*/knative-node/cost-*"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 { // the pattern is well formed
			t.Errorf("cgroups are left: %v", left)
		}
	}
}
