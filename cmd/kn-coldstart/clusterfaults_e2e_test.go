//go:build e2e

package main

import (
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// quickTrials is how many trials a run has that is started quickly.
const quickTrials = 10

// startQuickly starts a run of some trials, whose services come back to zero soon. Their pods
// may take as long to end as the client waits. It returns after the discarded starts, half of
// the trials, which are made together: a fault among them would hit all of them at once.
func startQuickly(t *testing.T, trials int, timeout string, args ...string) faultyRun {
	t.Helper()
	half := strconv.Itoa(trials / 2)
	f := startFaulty(t, append(args, "--runtime-class", "runc", "--iterations", half, "--services-per-class", half, "--client-timeout", timeout)...)
	awaitSamples(t, f.file, trials/2)
	return f
}

// testDataPlaneFaults kills what a cold start needs, one after the other, each in
// the middle of one.
func testDataPlaneFaults(t *testing.T) {
	const trials = 2 * quickTrials // so that each fault finds a cold start
	f := startQuickly(t, trials, "20s")
	for _, name := range []string{"containerd", "autoscaler", "traefik"} {
		c := status(t, name)
		f.awaitColdStart(t)
		kill(t, c)
		awaitBack(t, c)
	}
	r, run := f.finish(t, trials)
	answered, broken := 0, 0
	for _, s := range run.Samples {
		switch {
		case !s.Failed():
			answered++
		case s.Outcome == record.Reset, s.Outcome == record.Refused:
			broken++
		}
	}
	t.Logf("%d of %d samples answered, %d met no ingress", answered, len(run.Samples), broken)
	if answered < trials/2 {
		t.Errorf("only %d samples were answered", answered)
	}
	// The request in flight, and perhaps one more before it is clear what happened.
	if broken < 1 || broken > 2 {
		t.Errorf("%d samples say that the ingress was killed, want one or two", broken)
	}
	for _, kind := range []record.Kind{record.EventComponentDown, record.EventComponentUp} {
		if !said(run, kind, "knative-serving/autoscaler") {
			t.Errorf("no event %s of the autoscaler", kind)
		}
	}
	if !strings.Contains(r.stderr, "reset (connection broke before the answer)") {
		t.Error("standard error does not tell of the ingress")
	}
}

// testAPIServerRestart kills the API server in the middle of a cold start.
func testAPIServerRestart(t *testing.T) {
	f := startQuickly(t, quickTrials, "12s")
	c := status(t, "kube-apiserver")
	f.awaitColdStart(t)
	kill(t, c)
	awaitBack(t, c)
	_, run := f.finish(t, quickTrials)
	for _, name := range []string{"services.serving.knative.dev", "pods", "deployments", "podautoscalers", "serverlessservices", "events"} {
		if !said(run, record.EventWatchDown, name+": ") || !said(run, record.EventWatchUp, name+": ") {
			t.Errorf("no events tell that the watch of %s was down and came back", name)
		}
	}
	if proven := count(run, record.Proven); proven < quickTrials-2 {
		t.Errorf("only %d samples are proven cold", proven)
	}
}

// testExpiredWatch lets the watch of pods fall silent, breaks it, and lets the next
// one reach the API server only after something else has changed and the API server
// has restarted. It has forgotten the version to watch from by then.
func testExpiredWatch(t *testing.T) {
	proxy := newWatchProxy(t)
	f := startQuickly(t, quickTrials, "12s", "--kubeconfig", kubeconfig(t, proxy.URL, ""), "--image", nodeImage)
	awaitSamples(t, f.file, quickTrials/2+1)
	proxy.hold()
	awaitSamples(t, f.file, quickTrials/2+3) // the last of them was sent in silence
	c := status(t, "kube-apiserver")
	proxy.cut()
	proxy.awaitHeld(t)
	change(t)
	kill(t, c)
	awaitBack(t, c)
	proxy.release()
	_, run := f.finish(t, quickTrials)
	if !said(run, record.EventWatchDown, "pods: too old resource version") {
		t.Errorf("no event tells of the expired watch: %+v", events(run, record.EventWatchDown))
	}
	if n := count(run, record.Unknown); n < 1 {
		t.Error("every sample is proven, also the one whose pod nobody saw")
	}
	if proven := count(run, record.Proven); proven < quickTrials-4 {
		t.Errorf("only %d samples are proven cold", proven)
	}
	if n := len(events(run, record.EventTrialSkipped)); n > 0 {
		t.Errorf("%d trials were skipped", n)
	}
}

// change changes something that has nothing to do with the run.
func change(t *testing.T) {
	t.Helper()
	maps := client(t).Kubernetes.CoreV1().ConfigMaps("default")
	created, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "fault-"}}, metav1.CreateOptions{})
	if err == nil {
		err = maps.Delete(t.Context(), created.Name, metav1.DeleteOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func count(run *record.Run, cold record.Coldness) int {
	n := 0
	for _, s := range run.Samples {
		if s.Cold == cold {
			n++
		}
	}
	return n
}
