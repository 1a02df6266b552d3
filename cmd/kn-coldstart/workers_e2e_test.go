//go:build e2e

package main

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// workersImage is this program's, as the workers of these tests have it.
const workersImage = "dev.local/kn-coldstart:workers"

// run makes a run of which three workers send the requests. during is called with the
// run's file while it goes on.
func (w *workers) run(t *testing.T, code int, during func(file string), args ...string) (result, *record.Run) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	cmd := start(t, append(args, "--workers", "3", "--worker-image", workersImage, "--image", nodeImage, "--runtime-class", "runc",
		"--stable-window", "6s", "--kubeconfig", w.kubeconfig, "--run-file", file)...)
	if during != nil {
		during(file)
	}
	r := finish(t, cmd)
	run, err := record.ReadFile(file)
	if err != nil || r.code != code {
		t.Fatalf("exit code %d, want %d, %v\n%s", r.code, code, err, r)
	}
	return r, run
}

// wantNoWorkersIn fails if there is a Job or a Secret of ours. The Secret goes with the Job,
// a moment later.
func wantNoWorkersIn(t *testing.T, admin *ksvc.Client) {
	t.Helper()
	ours := metav1.ListOptions{LabelSelector: ksvc.Selector()}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		jobs, err := admin.Kubernetes.BatchV1().Jobs(admin.Namespace).List(t.Context(), ours)
		if err != nil {
			t.Fatal(err)
		}
		secrets, err := admin.Kubernetes.CoreV1().Secrets(admin.Namespace).List(t.Context(), ours)
		if err != nil {
			t.Fatal(err)
		}
		if len(jobs.Items)+len(secrets.Items) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d jobs and %d secrets are left", len(jobs.Items), len(secrets.Items))
		}
	}
}

// wantClocks checks that the clock of each of three workers was compared, again at the end.
func wantClocks(t *testing.T, run *record.Run) {
	t.Helper()
	times := map[string]int{}
	for _, e := range ofKind(run, record.EventWorkerClock) {
		if times[e.Pod]++; e.ClockOffset == nil || e.ClockOffset.Uncertainty <= 0 || e.ClockOffset.Uncertainty > time.Second {
			t.Errorf("clock %+v", e)
		}
	}
	if len(times) != 3 {
		t.Errorf("clocks were compared of %v", times)
	}
	for pod, n := range times {
		if n < 2 {
			t.Errorf("the clock of %s was compared %d times", pod, n)
		}
	}
}

// workers is the namespace of these tests, and a service account in it with nothing but what
// rbac grants.
type workers struct {
	admin      *ksvc.Client
	kubeconfig string
}

// TestWorkers measures with three workers. It runs beside no other test, because some of the
// roles lie outside of its namespace and have one name for all.
func TestWorkers(t *testing.T) {
	if r := kn(t, "cluster", "load-image", filepath.Join(build, "kn-coldstart"), "--name", workersImage); r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	w := &workers{admin: newSpace(t, "workers-e2e")}
	grant := kn(t, "rbac", "-n", w.admin.Namespace, "--service-account", account, "--workers")
	for document := range strings.SplitSeq(grant.stdout, "\n---\n") {
		apply(t, w.admin, []byte(document))
	}
	w.kubeconfig = accountKubeconfig(t, w.admin)
	t.Run("together", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T){"single": w.single, "burst": w.burst} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t)
			})
		}
	})
	t.Run("load", w.load) // alone: it takes all of a small machine
	t.Run("lost", w.lose)
	wantNothingLeftIn(t, w.admin.Namespace)
	wantNoWorkersIn(t, w.admin)
}

// Each service is asked once, and its start is proven as if this program had asked.
func (w *workers) burst(t *testing.T) {
	_, run := w.run(t, exitOK, nil, "scale", "--services", "9", "--client-timeout", patient, "--preconnect")
	if run.End == nil || run.End.Reason != record.EndCompleted {
		t.Errorf("end %+v", run.End)
	}
	asked := map[string]int{}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
		if !s.Discarded {
			asked[s.Service]++
		}
	}
	if len(asked) != 9 {
		t.Errorf("asked %v", asked)
	}
	wantClocks(t, run)
	if skew := ofKind(run, record.EventWorkersSkew); len(skew) == 0 || skew[len(skew)-1].ClockOffset.Uncertainty <= 0 {
		t.Errorf("skew %+v", skew)
	}
}

// One request at a time is sent by one worker after the other.
func (w *workers) single(t *testing.T) {
	_, run := w.run(t, exitOK, nil, "single", "--iterations", "3", "--services-per-class", "1", "--client-timeout", patient)
	if run.End == nil || run.End.Reason != record.EndCompleted || len(run.Samples) != 4 {
		t.Errorf("end %+v, %d samples", run.End, len(run.Samples))
	}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
		if !s.Discarded && s.ClockOffset == nil {
			t.Errorf("the clock of the function is not known of %+v", s)
		}
	}
	wantClocks(t, run)
}

// All requests that were due are counted once.
func (w *workers) load(t *testing.T) {
	_, run := w.run(t, exitOK, nil, "load", "--rate", "1000/s", "--duration", "5s", "--warm", "1", "--max-scale", "1")
	loads := analysis.Summarise(run).Loads
	if len(loads) != 1 || loads[0].Due != 5000 || loads[0].Broken != "" || loads[0].WasCutOff() || len(loads[0].Seconds) != 5 {
		t.Fatalf("loads %+v", loads)
	}
	for _, s := range loads[0].Seconds {
		if s.Due != 1000 {
			t.Errorf("second %d: %d requests were due", s.Second, s.Due)
		}
	}
	wantClocks(t, run)
}

// A worker whose pod is deleted costs its share, and the run says so.
func (w *workers) lose(t *testing.T) {
	r, run := w.run(t, exitFailed, w.deleteOne(t), "load", "--rate", "30/s", "--duration", "20s", "--warm", "1", "--max-scale", "1")
	lost := ofKind(run, record.EventWorkerLost)
	if len(lost) != 1 || lost[0].Value < 1 || lost[0].Value > 200 || !strings.Contains(r.stderr, "requests ") || !strings.Contains(r.stderr, lost[0].Pod) {
		t.Fatalf("lost %+v\n%s", lost, r)
	}
	if run.End == nil || run.End.Reason != record.EndFailed || !strings.Contains(run.End.Error, "are missing") {
		t.Errorf("end %+v", run.End)
	}
	known := 0
	for _, i := range run.Intervals {
		known += i.Sent - i.CutOff + i.Dropped
	}
	if known+int(lost[0].Value) != 600 {
		t.Errorf("%d requests are known and %v missing of 600", known, lost[0].Value)
	}
	if loads := analysis.Summarise(run).Loads; len(loads) != 1 || !loads[0].WasCutOff() {
		t.Errorf("loads %+v", loads)
	}
}

// deleteOne deletes the pod of a worker once the load has its first second.
func (w *workers) deleteOne(t *testing.T) func(string) {
	return func(file string) {
		awaitLine(t, file, `"type":"interval"`)
		run, err := record.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pods := w.admin.Kubernetes.CoreV1().Pods(w.admin.Namespace)
		ours := metav1.ListOptions{LabelSelector: ksvc.Selector(run.Header.RunID) + "," + ksvc.LabelWorker}
		list, err := pods.List(t.Context(), ours)
		if err != nil || len(list.Items) != 3 {
			t.Fatalf("%v, %d workers", err, len(list.Items))
		}
		if err := pods.Delete(t.Context(), list.Items[1].Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitLine waits until a line of a file holds a text.
func awaitLine(t *testing.T, file, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if f, err := os.Open(file); err == nil {
			lines := bufio.NewScanner(f)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				if strings.Contains(lines.Text(), text) {
					f.Close()
					return
				}
			}
			f.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no line with %s in %s", text, file)
}
