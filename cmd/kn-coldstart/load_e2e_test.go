//go:build e2e

package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// loaded runs a load into a run file of its own.
func loaded(t *testing.T, args ...string) (result, *record.Run, []load.Load) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	r := kn(t, append([]string{"load", "--run-file", file, "--stable-window", "6s", "--env", "COLDFN_ANSWER_DELAY=50ms"}, args...)...)
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	if r.code != exitOK || run.End == nil || run.End.Reason != record.EndCompleted || len(run.Damage) > 0 {
		t.Fatalf("exit code %d, end %+v, damage %v\n%s", r.code, run.End, run.Damage, r)
	}
	wantNothingLeft(t)
	t.Log(r.stdout)
	return r, run, analysis.Summarise(run).Loads
}

// wantWhole checks what holds of every load of which all requests were to be answered.
func wantWhole(t *testing.T, l *load.Load, due int) {
	t.Helper()
	if l.Broken != "" || l.Due != due || l.CutOff != 0 {
		t.Errorf("%s: %d requests were due, want %d: %+v %s", l.Key(), l.Due, due, l.Counts, l.Broken)
	}
	if l.Answered < due*9/10 || l.Waited.Told != l.Answered {
		t.Errorf("%s: of %d answered, %d told who they are", l.Key(), l.Answered, l.Waited.Told)
	}
	if l.Answered > 0 && l.P50.Latency < 50*time.Millisecond {
		t.Errorf("%s: the median is %s, and each answer takes 50ms", l.Key(), l.P50)
	}
	in := l.Instances
	if in.Peak.Wanted < 1 || in.Peak.Ready < 1 || in.Peak.Ready > in.Peak.Alive || in.Seconds <= 0 {
		t.Errorf("%s: instances %+v", l.Key(), in)
	}
	if u := l.Use; u.InstanceCPU <= 0 || u.NodeCPU < u.InstanceCPU || u.InstanceMemory <= 0 || u.NodeShare <= 0 || u.NodeShare > 1.05 {
		t.Errorf("%s: used %+v", l.Key(), u)
	}
	if !l.Panic.Known {
		t.Errorf("%s: panic mode is not known: %s", l.Key(), l.Panic.Unknown)
	}
	for _, s := range l.Seconds {
		if s.Ready > s.Alive || s.Answering > in.Peak.Alive {
			t.Errorf("%s: second %d: %+v", l.Key(), s.Second, s)
		}
	}
}

// From zero to as many instances as the rate takes, and back to zero.
func TestLoadFromZero(t *testing.T) {
	r, run, loads := loaded(t, "--runtime-class", "runc,crun", "--rate", "10/s:6s,60/s:14s", "--concurrency-limit", "2", "--max-scale", "5")
	if len(loads) != 2 {
		t.Fatalf("%d loads\n%s", len(loads), r)
	}
	for i := range loads {
		l := &loads[i]
		wantWhole(t, l, 60+840)
		if l.Waited.Requests == 0 || l.Instances.Peak.Ready < 2 || l.Instances.Peak.Requested > 5 {
			t.Errorf("%s: %d requests waited, %+v", l.Key(), l.Waited.Requests, l.Instances)
		}
		if l.Instances.BackAtZero == nil || *l.Instances.BackAtZero < 6*time.Second {
			t.Errorf("%s: back at zero after %v, and the stable window is 6s", l.Key(), l.Instances.BackAtZero)
		}
		if l.Instances.WantedZero == nil || *l.Instances.WantedZero > *l.Instances.BackAtZero {
			t.Errorf("%s: zero was wanted after %v", l.Key(), l.Instances.WantedZero)
		}
	}
	for _, s := range run.Samples {
		if !s.Discarded || s.Selected != "" && s.Failed() != (s.Selected == record.SelectedFailed) {
			t.Errorf("sample %+v", s)
		}
	}
	if n := len(ofKind(run, record.EventLoadBegun)); n != 2 {
		t.Errorf("%d loads have begun", n)
	}
	if !strings.Contains(r.stdout, "load on") || !strings.Contains(r.stderr, "own cost: ") {
		t.Errorf("%s", r)
	}
}

// With instances that are Ready nothing waits for the first of them.
func TestLoadOfWarmInstances(t *testing.T) {
	r, run, loads := loaded(t, "--runtime-class", "runc", "--rate", "poisson:20/s", "--duration", "10s", "--warm", "2", "--min-scale", "2", "--seed", "1")
	if len(loads) != 1 {
		t.Fatalf("%d loads\n%s", len(loads), r)
	}
	l := &loads[0]
	wantWhole(t, l, l.Due)
	if begun := ofKind(run, record.EventLoadBegun); len(begun) != 1 || begun[0].Value < 2 || l.Seconds[0].Waited != 0 || l.Due < 120 || l.Due > 280 {
		t.Errorf("begun %+v; %d waited in the first second, %d were due", begun, l.Seconds[0].Waited, l.Due)
	}
	if len(ofKind(run, record.EventDiscardedRound)) != 0 || l.Instances.BackAtZero != nil {
		t.Errorf("a load of warm instances was warmed, or came to zero: %+v", l.Instances)
	}
}

// One instance that answers one request at a time, in 50 ms, answers 20 a second at most.
func TestLoadUntilFailure(t *testing.T) {
	r, run, loads := loaded(t, "--runtime-class", "runc", "--rate", "8/s", "--duration", "6s", "--until-failure", "--stop", "p(95)>400ms",
		"--concurrency-limit", "1", "--max-scale", "1", "--warm", "1")
	limits := ofKind(run, record.EventLimit)
	if len(limits) != 1 || len(loads) < 3 {
		t.Fatalf("%d limits after %d loads\n%s", len(limits), len(loads), r)
	}
	limit := limits[0]
	if limit.Value < 1 || limit.Value > 22 || !strings.Contains(limit.Message, "which is p(95)>400ms; bound by the ") {
		t.Errorf("the limit is %v: %s", limit.Value, limit.Message)
	}
	for i := range loads {
		if l := &loads[i]; !l.Step || l.Broken != "" || l.Instances.Peak.Ready != 1 {
			t.Errorf("load %s: %+v", l.Rate, l)
		}
	}
	if !strings.Contains(r.stdout, "requests a second") || !strings.Contains(r.stderr, "did not hold: p95 of ") {
		t.Errorf("%s", r)
	}
}
