package record_test

import (
	"fmt"
	"log"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// A run file is read into memory as a whole.
func ExampleReadFile() {
	run, err := record.ReadFile("../testdata/ab-slower.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	first := run.Samples[0]
	fmt.Println(run.Header.Command, len(run.Samples), "samples,", run.End.Reason)
	fmt.Println(first.Key(), first.Outcome, first.ResponseLatency, first.Cold)
	// Output:
	// ab 24 samples, completed
	// runc (a) ok 707.502941ms proven
}

// A large run file is walked, sample by sample.
func ExampleWalkFile() {
	answered := map[record.Key]int{}
	_, err := record.WalkFile("../testdata/single.jsonl", record.Visitor{
		Sample: func(s *record.Sample) {
			if !s.Discarded && !s.Failed() {
				answered[s.Key()]++
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answered[record.Key{RuntimeClass: "gvisor", Services: 1}])
	// Output: 30
}
