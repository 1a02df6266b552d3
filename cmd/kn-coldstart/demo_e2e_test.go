//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TestDemo runs what `make demo` runs once all is built, as in a checkout in which nothing was
// run yet: there is no folder of results. The node is up already, and stays.
func TestDemo(t *testing.T) {
	checkout := t.TempDir()
	for from, to := range map[string]string{build: "build", "../../scripts/demo": "scripts/demo", "../../scripts/on-node": "scripts/on-node"} {
		from, err := filepath.Abs(from)
		if err != nil {
			t.Fatal(err)
		}
		to = filepath.Join(checkout, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(from, to); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(checkout, "scripts/demo"))
	// What the environment says of other clusters and settings is not for the demo.
	cmd.Env = append(os.Environ(), "ITERATIONS=1", "KUBECONFIG=/nosuch", "KN_COLDSTART_NAMESPACE=nosuch", "KN_COLDSTART_IMAGE=nosuch")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "sandboxReady") {
		t.Fatalf("%v\n%s", err, out)
	}
	results := filepath.Join(checkout, "results")
	files, err := filepath.Glob(filepath.Join(results, "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("run files %q, want one: %v", files, err)
	}
	run, err := record.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	wantAllTaken(t, run, 6)
	for _, s := range run.Samples {
		wantProvenCold(t, s)
	}
	if info, err := os.Stat(filepath.Join(results, "demo.hlog")); err != nil || info.Size() == 0 {
		t.Errorf("histogram log: %v", err)
	}
	if r := kn(t, "cluster", "status"); r.code != exitOK {
		t.Errorf("the node is gone: exit code %d\n%s", r.code, r)
	}
	wantNothingLeft(t)
}
