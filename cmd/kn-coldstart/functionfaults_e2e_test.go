//go:build e2e

package main

import (
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// functionFaults are what goes wrong on the first request of each instance of the
// function, and what a sample then has to say. All of them are cold starts, and
// each instance fails once: no sample of the run succeeds.
var functionFaults = []struct {
	fault   string
	timeout string
	outcome record.Outcome
	status  int
	says    string // in the sample's error
	events  string // in the message of an instanceTrouble event
}{
	// queue-proxy answers for a function that is gone.
	{fault: "crash", timeout: patient, outcome: record.HTTP, status: 502, says: "status 502", events: "container user-container exited, exit code 1"},
	{fault: "status500", timeout: patient, outcome: record.HTTP, status: 500, says: "COLDFN_FAULT=status500"},
	{fault: "hang", timeout: "10s", outcome: record.Timeout, says: "not answered within 10s"},
	{fault: "foreignBody", timeout: patient, outcome: record.WrongInstance, status: 200, says: "answered by pod foreign-00001-deployment-0, which is not of "},
}

// testFunctionFaults has the runs of all faults beside one another.
func testFunctionFaults(t *testing.T) {
	runs := map[string]faultyRun{}
	for _, f := range functionFaults {
		runs[f.fault] = startFaulty(t, "--runtime-class", "runc", "--iterations", "2", "--services-per-class", "2",
			"--client-timeout", f.timeout, "--env", "COLDFN_FAULT="+f.fault)
	}
	for _, f := range functionFaults {
		r, run := runs[f.fault].result(t)
		t.Run(f.fault, func(t *testing.T) {
			if r.code != exitFailed || !strings.Contains(errorLines(r.stderr), "no sample was an answered cold start") {
				t.Errorf("exit code %d, want %d and why\n%s", r.code, exitFailed, r)
			}
			wantAllTaken(t, run, 4)
			for _, s := range run.Samples {
				if s.Outcome != f.outcome || s.Status != f.status || !strings.Contains(s.Error, f.says) {
					t.Errorf("%s: outcome %s, status %d, error %q", s.Service, s.Outcome, s.Status, s.Error)
				}
				if s.Cold != record.Proven {
					t.Errorf("%s: %s, want proven: %s", s.Service, s.Cold, s.ColdReason)
				}
			}
			if f.events != "" && !said(run, record.EventInstanceTrouble, f.events) {
				t.Errorf("no event says %q", f.events)
			}
			t.Logf("%d samples, all %s: %s", len(run.Samples), f.outcome, run.Samples[0].Error)
		})
	}
}
