package analysis_test

import (
	"fmt"
	"log"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// A run file is pooled with others into a summary, which has a cell for each class.
func ExampleSummariseFiles() {
	s, err := analysis.SummariseFiles("testdata/single.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range s.Cells {
		fmt.Printf("%s: %d cold starts, p50 %s, p95 %s\n", c.Key, c.Measured, c.P50, c.P95)
	}
	// Output:
	// runc: 30 cold starts, p50 961ms, p95 1.57s
	// crun: 30 cold starts, p50 824ms, p95 1.23s
	// gvisor: 30 cold starts, p50 1.40s, p95 1.96s
}
