//go:build e2e

package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestFaults breaks the function and the cluster under a run. A run has to go on
// where it can, to say what happened, to count right, and to lose nothing.
func TestFaults(t *testing.T) {
	for _, group := range []struct {
		name string
		test func(*testing.T)
	}{
		{"function", testFunctionFaults},
		{"data plane", testDataPlaneFaults},
		{"API server", testAPIServerRestart},
		{"expired watch", testExpiredWatch},
	} {
		t.Run(group.name, group.test)
		wantNothingLeft(t)
	}
}

// component is one of the node's, as its status tells.
type component struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	Healthy bool   `json:"healthy"`
}

func status(t *testing.T, name string) component {
	t.Helper()
	out, err := exec.Command(filepath.Join(build, "knative-node"), "status", "-o", "json").Output()
	var node struct {
		Components []component `json:"components"`
	}
	if err == nil {
		err = json.Unmarshal(out, &node)
	}
	if err != nil {
		t.Fatalf("status of the node: %v", err)
	}
	i := slices.IndexFunc(node.Components, func(c component) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("the node has no component %s", name)
	}
	return node.Components[i]
}

// kill ends a component without a warning; whoever runs it starts it again.
func kill(t *testing.T, c component) {
	t.Helper()
	if c.PID <= 1 {
		t.Fatalf("kill %s: the node knows no process of it", c.Name)
	}
	if err := syscall.Kill(c.PID, syscall.SIGKILL); err != nil {
		t.Fatalf("kill %s, process %d: %v", c.Name, c.PID, err)
	}
	t.Logf("killed %s", c.Name)
}

// awaitBack returns when a component that was killed is well again. A kubelet
// waits longer each time before it starts a container again.
func awaitBack(t *testing.T, killed component) {
	t.Helper()
	began := time.Now()
	for {
		if c := status(t, killed.Name); c.PID != 0 && c.PID != killed.PID && c.Healthy {
			t.Logf("%s is back after %.1fs", c.Name, time.Since(began).Seconds())
			return
		}
		if time.Since(began) > 6*time.Minute {
			t.Fatalf("%s did not come back", killed.Name)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// faultyRun is a run of the single-instance experiment while things are broken.
type faultyRun struct {
	cmd  *exec.Cmd
	file string
}

func startFaulty(t *testing.T, args ...string) faultyRun {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	return faultyRun{start(t, append([]string{"single", "--run-file", file}, args...)...), file}
}

// result waits for the end of the run.
func (f faultyRun) result(t *testing.T) (result, *record.Run) {
	t.Helper()
	r := finish(t, f.cmd)
	run, err := record.ReadFile(f.file)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return r, run
}

// finish waits for the end of a run that goes well in the end, and checks what
// holds for every such.
func (f faultyRun) finish(t *testing.T, trials int) (result, *record.Run) {
	t.Helper()
	r, run := f.result(t)
	t.Logf("\n%s", r)
	if r.code != exitOK {
		t.Errorf("exit code %d", r.code)
	}
	wantCompleted(t, run, trials)
	wantNoProofInGap(t, run)
	return r, run
}

// awaitColdStart returns as soon as an instance is created after now: a request
// is then in flight.
func (f faultyRun) awaitColdStart(t *testing.T) {
	t.Helper()
	before := -1
	await(t, f.file, "an instance", func(run *record.Run) bool {
		created := len(events(run, record.EventInstanceCreated))
		more := before >= 0 && created > before
		before = created
		return more
	})
}

// await returns when a run file says so.
func await(t *testing.T, file, what string, said func(*record.Run) bool) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 3*time.Minute; time.Sleep(20 * time.Millisecond) {
		if run, err := record.ReadFile(file); err == nil && said(run) {
			return
		}
	}
	t.Fatalf("waited for %s in vain", what)
}

func events(run *record.Run, kind record.Kind) []record.Event {
	var found []record.Event
	for _, e := range run.Events {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// said tells whether an event of a kind has a message with a text in it.
func said(run *record.Run, kind record.Kind, text string) bool {
	return slices.ContainsFunc(events(run, kind), func(e record.Event) bool { return strings.Contains(e.Message, text) })
}

// wantCompleted checks that each trial is a sample or was visibly skipped, once.
func wantCompleted(t *testing.T, run *record.Run, trials int) {
	t.Helper()
	if run.End == nil || run.End.Reason != record.EndCompleted || run.End.Samples != len(run.Samples) || len(run.Warnings) > 0 {
		t.Errorf("end %+v, %d samples, warnings %q: want completed", run.End, len(run.Samples), run.Warnings)
	}
	skipped := events(run, record.EventTrialSkipped)
	if len(run.Samples)+len(skipped) != trials {
		t.Errorf("%d samples and %d skipped, want %d trials", len(run.Samples), len(skipped), trials)
	}
	type place struct {
		block, services int
		service         string
	}
	seen := map[place]bool{}
	for _, s := range run.Samples {
		if p := (place{s.Block, s.Services, s.Service}); seen[p] {
			t.Errorf("two samples of %s in block %d", s.Service, s.Block)
		} else {
			seen[p] = true
		}
	}
}

// wantAllTaken checks that each trial is a sample, where nothing is broken on purpose.
func wantAllTaken(t *testing.T, run *record.Run, trials int) {
	t.Helper()
	wantCompleted(t, run, trials)
	if len(run.Samples) != trials {
		t.Fatalf("%d samples, want %d", len(run.Samples), trials)
	}
}

// wantNoProofInGap checks that nothing counts as proven that was sent while the
// pods or deployments were not watched.
func wantNoProofInGap(t *testing.T, run *record.Run) {
	t.Helper()
	for _, down := range events(run, record.EventWatchDown) {
		name, _, _ := strings.Cut(down.Message, ":")
		if name != "pods" && name != "deployments" {
			continue
		}
		end := run.End.At
		for _, up := range events(run, record.EventWatchUp) {
			if strings.HasPrefix(up.Message, name+":") && up.At >= down.At {
				end = min(end, up.At)
			}
		}
		t.Logf("watch of %s was down from %v to %v", name, down.At, end)
		for _, s := range run.Samples {
			if s.Sent >= down.At && s.Sent <= end && s.Cold == record.Proven {
				t.Errorf("%s: proven (%s), but sent at %v", s.Service, s.ColdReason, s.Sent)
			}
		}
	}
}
