package main

import (
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// What is said comes from clusters and files: it steers nothing, and its lines cannot
// pass for others.
func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"7 of 9, 0.5s":                    "7 of 9, 0.5s",
		"a\x1b[2J":                        "a?[2J",
		"one\n::error::two\rb\nhint: c\n": "one\n  : :error::two?b\n  hint: c",
		":" + ":warning::a":               ": :warning::a",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// reached is a sample whose pod had reached a phase when the request timed out, and whose
// next phases came too late.
func reached(last record.PhaseName) record.Sample {
	s := record.Sample{Outcome: record.Timeout, Error: "late", Done: 5 * time.Second}
	at := time.Second
	for _, name := range record.PhaseNames {
		s.Phases = append(s.Phases, record.Phase{Name: name, At: at})
		if name == last {
			at = 6 * time.Second
		}
	}
	return s
}

// A line of a sample that failed says why: nothing else on the screen does.
func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		sample record.Sample
		want   string
	}{
		{record.Sample{Outcome: record.OK, Status: 200}, "ok"},
		{record.Sample{Outcome: record.HTTP, Status: 404, Error: "status 404: not found"}, "http (status 404: not found)"},
		{record.Sample{Outcome: record.HTTP, Status: 302, Error: "status 302 redirects to /, and redirects are not followed"},
			"http (status 302 redirects to /, and redirects are not followed)"},
		{record.Sample{Outcome: record.Timeout, Error: "not answered within 5s"}, "timeout (not answered within 5s)"},
		{reached(record.PhasePodScheduled), "timeout (late; the pod was scheduled, and the container runtime did not create its sandbox)"},
		{reached(record.PhaseSandboxReady), "timeout (late; the pod's sandbox was created, and its containers did not start)"},
		{reached(record.PhaseReady), "timeout (late)"},
	} {
		if got := outcome(c.sample); got != c.want {
			t.Errorf("%+v is %q, want %q", c.sample, got, c.want)
		}
	}
}
