package experiment_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/cluster"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// Measures ten cold starts on the cluster of the current kubeconfig, and reads the
// samples back.
func ExampleRun() {
	target, err := cluster.Connect(ksvc.Kubeconfig{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := experiment.Run(context.Background(), target, &experiment.Single{
		Setup: experiment.Setup{
			Classes: []record.Class{{Name: "runc", Image: "registry.example/coldfn:v1"}},
			Service: experiment.Service{StableWindow: 6 * time.Second, ClientTimeout: 100 * time.Second},
		},
		Iterations: 10,
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	run, err := record.ReadFile(result.RunFile)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range run.Samples {
		fmt.Println(s.RuntimeClass, s.ResponseLatency, s.Outcome, s.Cold)
	}
}
