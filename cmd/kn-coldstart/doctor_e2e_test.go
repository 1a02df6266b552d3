//go:build e2e

package main

import (
	"encoding/json"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestDoctor finds nothing on the embedded node that would keep a run from
// starting, and reads what only some clusters tell.
func TestDoctor(t *testing.T) {
	r := kn(t, "doctor", "--runtime-class", "runc,crun,gvisor", "-o", "json")
	if r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	var checks []record.Check
	if err := json.Unmarshal([]byte(r.stdout), &checks); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	verdicts := map[string]record.CheckVerdict{}
	for _, c := range checks {
		t.Logf("%s: %s: %s", c.Name, c.Verdict, c.Message)
		verdicts[c.Name] = c.Verdict
	}
	for _, name := range []string{"runtime-class-feature", "zero-initial-scale", "kube-proxy-sync-period", "leftovers"} {
		if verdicts[name] != record.CheckOK {
			t.Errorf("check %s: %q, want %s", name, verdicts[name], record.CheckOK)
		}
	}
}
