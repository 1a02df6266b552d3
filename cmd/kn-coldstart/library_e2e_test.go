//go:build e2e

package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/cluster"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// A program of its own measures with the library, without the command line.
func TestLibrary(t *testing.T) {
	c, err := cluster.Connect(ksvc.Kubeconfig{Path: filepath.Join(nodeStateDir, "kubeconfig")})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	result, err := experiment.Run(t.Context(), c, &experiment.Single{
		Setup: experiment.Setup{
			Classes: []record.Class{{Name: "runc", Image: nodeImage}},
			Service: experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: 20 * time.Second},
			RunFile: filepath.Join(t.TempDir(), "run.jsonl"),
		},
		Iterations: 2, ServicesPerClass: 1,
	}, experiment.ObserverFunc(func(n experiment.Notice) {
		if _, taken := n.(experiment.SampleTaken); taken {
			seen++
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	run, err := record.ReadFile(result.RunFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Samples) != 3 || seen != 3 || run.Header.RunID != result.RunID {
		t.Errorf("%d samples, %d seen, run %s", len(run.Samples), seen, run.Header.RunID)
	}
	for _, s := range run.Samples {
		wantProvenCold(t, s)
	}
	wantNothingLeft(t)
}
