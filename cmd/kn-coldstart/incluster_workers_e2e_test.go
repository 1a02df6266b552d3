//go:build e2e

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestInClusterWorkers has a run in a pod lead two workers. The command that follows it is
// killed, and then, in a second run, the run itself, too.
func TestInClusterWorkers(t *testing.T) {
	t.Parallel()
	const space, image = "incluster-workers-e2e", "dev.local/kn-coldstart:incluster-workers"
	if r := kn(t, "cluster", "load-image", filepath.Join(build, "kn-coldstart"), "--name", image); r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	admin := newSpace(t, space)
	// begin begins a load, and kills the command here once the load has its first second.
	begin := func(file string) (run string) {
		t.Helper()
		cmd := start(t, "load", "-n", space, "--in-cluster", "--tool-image", image, "--workers", "2", "--worker-image", image, "--runtime-class", "runc",
			"--rate", "30/s", "--duration", "20s", "--warm", "1", "--max-scale", "1", "--stable-window", "6s", "--run-file", file)
		awaitLine(t, file, `"type":"interval"`)
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		finish(t, cmd)
		return onlyRun(t, admin).Run
	}

	file := filepath.Join(t.TempDir(), "run.jsonl")
	run := begin(file)
	log := make(chan string, 1)
	go func() { log <- podLog(t, admin, run) }()
	r := kn(t, "attach", "-n", space, run, "--run-file", file)
	text, err := os.ReadFile(file)
	if want := <-log; err != nil || string(text) != want {
		t.Errorf("%v; the run file is\n%s\nand the log of the pod has\n%s", err, text, want)
	}
	measured, err := record.ReadFile(file)
	if err != nil || r.code != exitOK || len(measured.Warnings) > 0 || measured.End == nil || measured.End.Reason != record.EndCompleted {
		t.Fatalf("%v, exit code %d, end %+v, warnings %q\n%s", err, r.code, measured.End, measured.Warnings, r)
	}
	if loads := analysis.Summarise(measured).Loads; len(loads) != 1 || loads[0].Due != 600 || loads[0].Broken != "" || loads[0].WasCutOff() {
		t.Errorf("loads %+v", loads)
	}
	clocks := map[string]bool{}
	for _, e := range ofKind(measured, record.EventWorkerClock) {
		clocks[e.Pod] = true
	}
	if len(clocks) != 2 {
		t.Errorf("clocks were compared of %v", clocks)
	}
	wantNoRunLeft(t, admin, run)
	wantNoWorkersIn(t, admin)

	// Who attaches to a run that is dead is told so, and what it has left goes.
	file = filepath.Join(t.TempDir(), "run.jsonl")
	run = begin(file)
	killRun(t, run)
	r = kn(t, "attach", "-n", space, run, "--run-file", file)
	if r.code != 137 || !strings.Contains(r.stderr, "the run did not end by itself: its container was killed") || !strings.Contains(r.stderr, "removing what run "+run+" has left") {
		t.Errorf("exit code %d\n%s", r.code, r)
	}
	wantNoRunLeft(t, admin, run)
	wantNoWorkersIn(t, admin)
}

// killRun kills the process of a run in a pod, which is one of this computer's.
func killRun(t *testing.T, run string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte("--"+inPodFlag+"="+run)) {
			continue // it may have ended meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGKILL)
		}
		if err != nil {
			t.Fatal(err)
		}
		killed++
	}
	if killed != 1 {
		t.Fatalf("killed %d processes of run %s, want one", killed, run)
	}
}
