//go:build e2e && soak

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// tally is what became of the trials of some runs.
type tally struct {
	runs, completed, interrupted, failed, cut, unbegun int

	answered, failures, unproven, skipped, abandoned int
}

func (a *tally) add(b tally) {
	a.runs += b.runs
	a.completed += b.completed
	a.interrupted += b.interrupted
	a.failed += b.failed
	a.cut += b.cut
	a.unbegun += b.unbegun
	a.answered += b.answered
	a.failures += b.failures
	a.unproven += b.unproven
	a.skipped += b.skipped
	a.abandoned += b.abandoned
}

func (a tally) String() string {
	return fmt.Sprintf("%d runs: %d completed, %d interrupted, %d failed, %d cut off, %d not begun; %d answered, %d failed, %d of unknown coldness, %d skipped, %d abandoned",
		a.runs, a.completed, a.interrupted, a.failed, a.cut, a.unbegun, a.answered, a.failures, a.unproven, a.skipped, a.abandoned)
}

// accountFor reads what a run left, and checks that no trial is missing.
func accountFor(t *testing.T, n *turn, file string, r result) tally {
	t.Helper()
	if !slices.Contains(n.fault.codes, r.code) && !(n.after == 0 && r.code == exitOK) {
		t.Errorf("%s: exit code %d\n%s", n.name(), r.code, r)
	}
	if r.code == exitFailed && !strings.Contains(r.stderr, "error: ") {
		t.Errorf("%s: it does not say why it failed\n%s", n.name(), r)
	}
	a := tally{runs: 1}
	run := read(t, file)
	if run == nil {
		a.unbegun++
		return a
	}
	a.countEnd(run)
	a.count(run)
	if r.code == exitOK {
		wantCompleted(t, run, n.experiment.trials(run))
		wantNoProofInGap(t, run)
	}
	if requests := requestsIn(t, file); len(run.Samples) != requests {
		t.Errorf("%s: %d requests are in the file, and %d samples are read from it", n.name(), requests, len(run.Samples))
	}
	if t.Failed() {
		keep(t, file)
	}
	return a
}

func (a *tally) countEnd(run *record.Run) {
	switch {
	case run.End == nil:
		a.cut++
	case run.End.Reason == record.EndCompleted:
		a.completed++
	case run.End.Reason == record.EndInterrupted:
		a.interrupted++
	default:
		a.failed++
	}
}

func (a *tally) count(run *record.Run) {
	for _, s := range run.Samples {
		if s.Failed() {
			a.failures++
		} else {
			a.answered++
		}
		if s.Cold == record.Unknown {
			a.unproven++
		}
	}
	a.skipped += len(events(run, record.EventTrialSkipped))
	a.abandoned += len(events(run, record.EventRequestAbandoned))
}

// requestsIn counts the requests in a file without the reader that is tested.
func requestsIn(t *testing.T, file string) int {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type key struct {
		Type, Service string
		SentNs        int64
	}
	seen := map[key]bool{}
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return len(seen) // a last line without its end is not whole
		}
		var k key
		if json.Unmarshal(line, &k) == nil && (k.Type == string(record.TypeRequest) || k.Type == string(record.TypeSample)) {
			k.Type = ""
			seen[k] = true
		}
	}
}

// keep copies a run file to where it can be looked at.
func keep(t *testing.T, file string) {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	kept, err := os.CreateTemp("", "soak-*.jsonl")
	if err != nil {
		t.Error(err)
		return
	}
	defer kept.Close()
	if _, err := kept.Write(content); err != nil {
		t.Error(err)
	}
	t.Logf("its run file is kept as %s", kept.Name())
}

// wantOnly checks that nothing of ours is in the cluster but what belongs to one run.
// Pods that are about to end may take as long as a client waits.
func wantOnly(t *testing.T, run string) {
	t.Helper()
	api := client(t)
	other := metav1.ListOptions{LabelSelector: ksvc.Selector() + "," + ksvc.LabelRun + "!=" + run}
	var left string
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(time.Second) {
		services, err := api.Serving.ServingV1().Services("").List(t.Context(), other)
		if err != nil {
			left = err.Error() // the API server may not be back
			continue
		}
		pods, err := api.Kubernetes.CoreV1().Pods("").List(t.Context(), other)
		if err != nil {
			left = err.Error()
			continue
		}
		leases, err := api.Kubernetes.CoordinationV1().Leases("").List(t.Context(), other)
		if err != nil {
			left = err.Error()
			continue
		}
		if len(services.Items)+len(leases.Items) > 0 {
			t.Errorf("left behind: %d services, %d pods, %d leases", len(services.Items), len(pods.Items), len(leases.Items))
			return
		}
		if len(pods.Items) == 0 {
			return
		}
		left = podNames(pods.Items)
	}
	t.Errorf("left behind for a minute: %s", left)
}

func podNames(pods []corev1.Pod) string {
	var names []string
	for _, p := range pods {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}
