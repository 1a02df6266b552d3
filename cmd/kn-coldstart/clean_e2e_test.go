//go:build e2e

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// background starts a run of one service that goes on beside others, and returns once it
// has its first sample.
func background(t *testing.T, args ...string) faultyRun {
	t.Helper()
	f := startFaulty(t, append([]string{"--runtime-class", "runc", "--services-per-class", "1", "--client-timeout", patient}, args...)...)
	awaitSamples(t, f.file, 1)
	return f
}

func (f faultyRun) id(t *testing.T) string {
	t.Helper()
	run, err := record.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	return run.Header.RunID
}

// servicesOf is how many services a run has in the cluster.
func servicesOf(t *testing.T, run string) int {
	t.Helper()
	all, err := client(t).Serving.ServingV1().Services("").List(t.Context(), metav1.ListOptions{LabelSelector: ksvc.Selector(run)})
	if err != nil {
		t.Fatal(err)
	}
	return len(all.Items)
}

// wantLeftAlone checks that clean says so of a run that is under way.
func wantLeftAlone(t *testing.T, r result, run string) {
	t.Helper()
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, "run "+run+" in namespace ") && strings.Contains(line, "services and") &&
			strings.Contains(line, ", alive (") && strings.HasSuffix(line, ", left alone\n") {
			return
		}
	}
	t.Errorf("clean does not say that run %s is left alone:\n%s", run, r)
}

// TestTwoTracedRunsAtOnce has two runs in one namespace, both traced, of which one ends
// earlier. Each gets its own spans, clean disturbs neither, and Knative's setting is put
// back.
func TestTwoTracedRunsAtOnce(t *testing.T) {
	before := readObservability(t)
	long := background(t, "--iterations", "3", "--traces")
	short := background(t, "--iterations", "1", "--traces")
	awaitThat(t, "one of them to be traced", 5*time.Minute, func() bool { return !cmp.Equal(before, readObservability(t)) })
	if r := kn(t, "clean"); r.code != exitOK || !strings.Contains(r.stderr, "Knative's tracing, ") || strings.Contains(r.stdout, "restored") {
		t.Errorf("clean beside living runs: exit code %d\n%s", r.code, r)
	}
	for name, f := range map[string]faultyRun{"long": long, "short": short} {
		r, run := f.result(t)
		if r.code != exitOK || run.End == nil || run.End.Reason != record.EndCompleted {
			t.Errorf("%s: exit code %d, end %+v\n%s", name, r.code, run.End, r)
		}
		traced := 0
		for _, s := range run.Samples {
			if s.Traced {
				traced++
				wantSpans(t, r, s)
			}
		}
		if traced == 0 || strings.Contains(r.stderr, "warning: left as somebody else") {
			t.Errorf("%s: %d traced samples\n%s", name, traced, r)
		}
	}
	wantNothingLeft(t)
	wantRestored(t, before)
}

// TestCleanBesideALivingRun kills one of two runs. clean leaves both alone as long as the
// dead one may be alive, then takes it, and never the other.
func TestCleanBesideALivingRun(t *testing.T) {
	t.Parallel()
	living, dead := background(t, "--iterations", "500"), background(t, "--iterations", "500")
	if err := dead.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = finish(t, dead.cmd)
	r := kn(t, "clean")
	wantLeftAlone(t, r, living.id(t))
	wantLeftAlone(t, r, dead.id(t))
	if r.code != exitOK || servicesOf(t, dead.id(t)) != 1 {
		t.Errorf("exit code %d\n%s", r.code, r)
	}
	time.Sleep(time.Minute) // the term of its lease
	r = kn(t, "clean")
	wantLeftAlone(t, r, living.id(t))
	if r.code != exitOK || !strings.Contains(r.stderr, ", stale (") || !strings.Contains(r.stdout, "removed 1 services") || servicesOf(t, dead.id(t)) != 0 {
		t.Errorf("exit code %d\n%s", r.code, r)
	}
	if n := servicesOf(t, living.id(t)); n != 1 {
		t.Errorf("the living run has %d services, want 1", n)
	}
	if err := living.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r, run := living.result(t)
	if r.code != exitInterrupted || run.End == nil || run.End.Reason != record.EndInterrupted {
		t.Errorf("exit code %d, end %+v\n%s", r.code, run.End, r)
	}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
	}
	wantRemoved(t, run)
}
