//go:build e2e

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/load"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// faulty is a load of 40 requests a second for 12s on one instance, with a fault in it.
func faulty(t *testing.T, fault, every string) (result, *record.Run, *load.Load) {
	t.Helper()
	r, run, loads := loaded(t, "--runtime-class", "runc", "--rate", "40/s", "--duration", "12s", "--warm", "1", "--min-scale", "1", "--max-scale", "1",
		"--env", "COLDFN_FAULT="+fault, "--env", "COLDFN_FAULT_EVERY="+every)
	if len(loads) != 1 || loads[0].Broken != "" || loads[0].Due != 480 {
		t.Fatalf("loads %+v\n%s", loads, r)
	}
	return r, run, &loads[0]
}

// A function that answers one request in 100 with a 500 is found, and named.
func TestLoadOfFailingFunction(t *testing.T) {
	r, run, l := faulty(t, "status500", "100")
	failed := l.Failed[record.HTTP]
	if failed < 4 || failed > 5 || l.Failures() != failed {
		t.Errorf("%+v, want 4 or 5 answers with another status, and no other failure", l.Counts)
	}
	named := 0
	for _, s := range run.Samples {
		if s.Selected == record.SelectedFailed && s.Outcome == record.HTTP && s.Status == 500 {
			named++
		}
	}
	if named != failed {
		t.Errorf("%d samples tell of the %d failures", named, failed)
	}
	if !strings.Contains(r.stdout, "http") {
		t.Errorf("the table does not name the failures:\n%s", r)
	}
}

// A function that stalls for 5s once delays all requests that were due meanwhile, not only
// the one that it happened to.
func TestLoadOfStallingFunction(t *testing.T) {
	r, _, l := faulty(t, "stall", "200")
	if l.Answered != l.Due {
		t.Errorf("%+v: the stall is shorter than the client waits", l.Counts)
	}
	if l.Max.Latency < 5*time.Second || l.P95.Latency < 3*time.Second {
		t.Errorf("95 %% %s, max %s: 180 of 480 requests were due in the stall of 5s", l.P95, l.Max)
	}
	// A busy node may not recover before the load ends.
	if rec := l.Recovery; rec.Longest < 5*time.Second || len(rec.Episodes) == 0 {
		t.Errorf("recovered: %+v", rec)
	}
	if strings.Contains(r.stdout, "at once") {
		t.Errorf("the table does not tell of the recovery:\n%s", r)
	}
}
