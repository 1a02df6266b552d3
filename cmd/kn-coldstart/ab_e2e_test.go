//go:build e2e

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Too few blocks are inconclusive, whatever they took; but they are there, of
// both sides, and each side is what it was asked to be.
func TestAB(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.jsonl")
	r := kn(t, "ab", "--runtime-class", "runc", "--b", "runtime-class=crun", "--b", "env=COLDFN_START_DELAY=700ms",
		"--max-blocks", "3", "--services-per-side", "3", "--percentile", "50", "--run-file", file)
	if r.code != gate.ExitInconclusive || !strings.Contains(r.stdout, "too few blocks to say") || strings.Contains(r.stdout, "p95") {
		t.Errorf("exit code %d\n%s", r.code, r)
	}
	run, err := record.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if run.End == nil || run.End.Reason != record.EndCompleted || len(run.Samples) != 2*3+2*3 {
		t.Errorf("%d samples, end %+v", len(run.Samples), run.End)
	}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
		if class := map[string]string{"a": "runc", "b": "crun"}[s.Variant]; s.RuntimeClass != class {
			t.Errorf("side %q is of class %s, want %s", s.Variant, s.RuntimeClass, class)
		}
		if s.Function != nil && (s.Function.Listening-s.Function.MainEntered >= 700e6) != (s.Variant == "b") {
			t.Errorf("side %q listened %d ns after it began", s.Variant, s.Function.Listening-s.Function.MainEntered)
		}
	}
	for _, class := range run.Header.Classes {
		if class.ImageDigest == "" {
			t.Errorf("no digest of side %s", class.Variant)
		}
	}
	if again := kn(t, "gate", file); again.code != r.code || again.stdout != r.stdout {
		t.Errorf("judged again:\n%s\nwas\n%s", again, r)
	}
	wantNothingLeft(t)
}
