//go:build e2e && soak

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestTwoUsers has two users measure in one namespace for ten minutes, and clean up
// beside one another again and again. Neither notices the other.
func TestTwoUsers(t *testing.T) {
	users := []faultyRun{background(t, "--iterations", "1000"), background(t, "--iterations", "1000")}
	for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(20 * time.Second) {
		r := kn(t, "clean")
		for _, u := range users {
			wantLeftAlone(t, r, u.id(t))
		}
	}
	for _, u := range users {
		if err := u.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		r, run := u.result(t)
		if r.code != exitInterrupted || run.End == nil || run.End.Reason != record.EndInterrupted || strings.Contains(r.stderr, "warning") {
			t.Errorf("exit code %d, end %+v\n%s", r.code, run.End, r)
		}
		for _, s := range run.Samples {
			wantProvenCold(t, s)
		}
		if skipped := events(run, record.EventTrialSkipped); len(skipped) > 0 {
			t.Errorf("skipped: %+v", skipped)
		}
		t.Logf("%d samples", len(run.Samples))
		wantRemoved(t, run)
	}
}
