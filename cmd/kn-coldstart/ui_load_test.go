package main

import (
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
)

// The line about seconds in which nothing was answered has no latency.
func TestLoadLogWithoutAnAnswer(t *testing.T) {
	text := stderrOf(t, func() {
		l := newLoadLog()
		l.See(experiment.LoadBegun{})
		for second := range loadLogSeconds {
			i := record.Interval{Second: second, Sent: 10, Failed: map[record.Outcome]int{record.Refused: 10}}
			l.See(experiment.LoadSecond{Interval: i})
		}
	})
	if !strings.Contains(text, "to second 4: 50 requests, 50 failed; 0 instances alive") {
		t.Errorf("got %q", text)
	}
}
