package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a gate file of a scenario compares with is where the file is, wherever the scenario is
// run from.
func TestBaselinesOfGateFiles(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "gate.yaml")
	if err := os.WriteFile(file, []byte("regression: {baseline: [results/*.jsonl, ../main, /old.jsonl]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		part *part
		want []string
	}{
		{"of a scenario", &part{}, []string{filepath.Join(folder, "results/*.jsonl"), filepath.Join(filepath.Dir(folder), "main"), "/old.jsonl"}},
		{"by itself", nil, []string{"results/*.jsonl", "../main", "/old.jsonl"}},
	} {
		q, err := (&gateFlags{filename: file, verdict: verdictFlags{part: c.part}}).readFile()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, q.Baseline); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}
