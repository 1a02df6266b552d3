//go:build e2e

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
)

// scenarioSetup is the namespace and the scenario of a test, and the folder for run files.
func scenarioSetup(t *testing.T, experiments string) (space, file, results string) {
	t.Helper()
	namespaces := client(t).Kubernetes.CoreV1().Namespaces()
	made, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "scenario-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := namespaces.Delete(context.WithoutCancel(t.Context()), made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	folder := t.TempDir()
	file = filepath.Join(folder, "bench.yaml")
	text := fmt.Sprintf("version: 1\ndefaults: {namespace: %s, runtimeClass: runc, stableWindow: 6s, clientTimeout: "+patient+"}\n", made.Name) + experiments
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return made.Name, file, filepath.Join(folder, "results")
}

// TestScenario runs two experiments. The first is shown to be too slow, which is the exit
// code; the second runs all the same, and passes.
func TestScenario(t *testing.T) {
	t.Parallel()
	space, file, results := scenarioSetup(t, `
experiments:
  - name: first start
    single: {iterations: 2, servicesPerClass: 2}
    gate: {slo: p(95)<1ms, junit: verdict.xml}
  - name: burst
    scale: {services: [2]}
    gate: {slo: p(95)<1h, inconclusive: pass}
`)
	if r := kn(t, "run", "-f", file, "--results", results, "--dry-run"); r.code != exitOK || !strings.Contains(r.stdout, "burst") {
		t.Fatalf("dry run: exit code %d\n%s", r.code, r)
	}
	if _, err := os.Stat(results); !os.IsNotExist(err) {
		t.Fatalf("a dry run made %s: %v", results, err)
	}
	r := kn(t, "run", "-f", file, "--results", results, "-o", "json")
	var end output.ScenarioEnd
	if err := json.Unmarshal([]byte(r.stdout), &end); err != nil || len(end.Experiments) != 2 {
		t.Fatalf("%v\n%s", err, r)
	}
	wantNothingLeftIn(t, space)
	if r.code != gate.ExitFail || end.ExitCode != gate.ExitFail {
		t.Errorf("exit code %d, %d in the result, want %d\n%s", r.code, end.ExitCode, gate.ExitFail, r)
	}
	wantVerdict(t, end.Experiments[0], gate.Fail, gate.ExitFail)
	wantVerdict(t, end.Experiments[1], gate.Inconclusive, gate.ExitPass)
	single, scale := wantScenarioRun(t, file, results, end, 0), wantScenarioRun(t, file, results, end, 1)
	if single.Header.Settings.Iterations != 2 || single.Header.Settings.ClientTimeout.String() != "1m0s" || !scale.Header.Shape.Rounds {
		t.Errorf("settings %+v and %+v", single.Header.Settings, scale.Header.Settings)
	}
	if junit, err := os.ReadFile(filepath.Join(filepath.Dir(file), "verdict.xml")); err != nil || !strings.Contains(string(junit), "<failure") {
		t.Errorf("JUnit XML %s, %v", junit, err)
	}
}

func wantVerdict(t *testing.T, e output.ExperimentEnd, verdict gate.Verdict, code int) {
	t.Helper()
	if e.Outcome != output.Completed || len(e.Judged) != 1 || e.Judged[0].Verdict != verdict || e.ExitCode != code {
		t.Errorf("%s: %s, exit code %d, judged %+v; want %s and %d", e.Name, e.Outcome, e.ExitCode, e.Judged, verdict, code)
	}
}

// wantScenarioRun reads the run file of an experiment, which says where it is from.
func wantScenarioRun(t *testing.T, file, results string, end output.ScenarioEnd, i int) *record.Run {
	t.Helper()
	e := end.Experiments[i]
	run, err := record.ReadFile(e.RunFile)
	if err != nil {
		t.Fatal(err)
	}
	want := record.Scenario{File: filepath.Base(file), SHA256: end.SHA256, Experiment: e.Name}
	if got := run.Header.Settings.Scenario; got == nil || *got != want {
		t.Errorf("%s is of %+v, want %+v", e.RunFile, got, want)
	}
	if e.RunFile != filepath.Join(results, run.Header.RunID+".jsonl") || run.End == nil || run.End.Reason != record.EndCompleted {
		t.Errorf("run file %s of run %s ended %+v", e.RunFile, run.Header.RunID, run.End)
	}
	return run
}

// TestScenarioInterrupted ends one experiment in good order, and begins no other.
func TestScenarioInterrupted(t *testing.T) {
	t.Parallel()
	space, file, results := scenarioSetup(t, `
experiments:
  - name: long
    single: {iterations: 100, servicesPerClass: 2}
  - name: never
    single: {iterations: 1}
`)
	cmd := start(t, "run", "-f", file, "--results", results)
	awaitSamples(t, awaitRunFile(t, results), 1)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r := finish(t, cmd)
	files, err := filepath.Glob(filepath.Join(results, "*.jsonl"))
	if r.code != exitInterrupted || err != nil || len(files) != 1 {
		t.Errorf("exit code %d, run files %v, %v\n%s", r.code, files, err, r)
	}
	if !strings.Contains(r.stderr, "warning: not run: never: interrupted") || !strings.Contains(r.stdout, "not run") {
		t.Errorf("nothing is said of what was not run\n%s", r)
	}
	wantNothingLeftIn(t, space)
}

// awaitRunFile waits until there is a run file in a folder.
func awaitRunFile(t *testing.T, folder string) string {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(100 * time.Millisecond) {
		if files, err := filepath.Glob(filepath.Join(folder, "*.jsonl")); err == nil && len(files) > 0 {
			return files[0]
		}
	}
	t.Fatalf("no run file in %s", folder)
	return ""
}
