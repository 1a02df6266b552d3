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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// tally counts how runs ended, and what became of their trials.
type tally map[string]int

// The ends of runs, and what becomes of trials.
const (
	completed   = "completed"
	interrupted = "interrupted"
	failed      = "failed"
	cutOff      = "cut off"
	notBegun    = "not begun"

	answered   = "answered"
	unanswered = "not answered"
	unproven   = "of unknown coldness"
	skipped    = "skipped"
	abandoned  = "abandoned"
)

func (n tally) add(other tally) {
	for what, count := range other {
		n[what] += count
	}
}

func (n tally) String() string {
	var ends, trials []string
	for _, what := range []string{completed, interrupted, failed, cutOff, notBegun} {
		ends = append(ends, fmt.Sprint(n[what], " ", what))
	}
	for _, what := range []string{answered, unanswered, unproven, skipped, abandoned} {
		trials = append(trials, fmt.Sprint(n[what], " ", what))
	}
	return "runs: " + strings.Join(ends, ", ") + "; trials: " + strings.Join(trials, ", ")
}

// accountFor reads what a run left, and checks that no trial is missing.
func accountFor(t *testing.T, n *turn, file string, r result) tally {
	t.Helper()
	if !slices.Contains(n.fault.codes, r.code) {
		t.Errorf("%s: exit code %d\n%s", n.name(), r.code, r)
	}
	if r.code == exitFailed && !strings.Contains(r.stderr, "error: ") {
		t.Errorf("%s: it does not say why it failed\n%s", n.name(), r)
	}
	run := read(t, file)
	if run == nil {
		return tally{notBegun: 1}
	}
	a := tally{}
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

func (n tally) count(run *record.Run) {
	switch {
	case run.End == nil:
		n[cutOff]++
	case run.End.Reason == record.EndCompleted:
		n[completed]++
	case run.End.Reason == record.EndInterrupted:
		n[interrupted]++
	default:
		n[failed]++
	}
	for _, s := range run.Samples {
		if s.Failed() {
			n[unanswered]++
		} else {
			n[answered]++
		}
		if s.Cold == record.Unknown {
			n[unproven]++
		}
	}
	n[skipped] += len(events(run, record.EventTrialSkipped))
	n[abandoned] += len(events(run, record.EventRequestAbandoned))
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

// wantOnly checks that nothing of ours is in the cluster but what belongs to one run. What
// is being deleted may need a minute more, and so may the API server.
func wantOnly(t *testing.T, run string) {
	t.Helper()
	var left string
	var err error
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(time.Second) {
		if left, err = leftBehind(t, metav1.NamespaceAll, ksvc.Selector()+","+ksvc.LabelRun+"!="+run); err == nil && left == "" {
			return
		}
	}
	t.Errorf("left behind for a minute: %s, error %v", left, err)
}
