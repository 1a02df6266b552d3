package main

import (
	"regexp"
	"slices"
	"testing"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
)

// namesFile matches what is said of flags that name files.
var namesFile = regexp.MustCompile(`(?i)\b(file|folder|archive)s?\b`)

// Whatever speaks of a file and is none, with the reason.
var noPath = map[string]string{
	"insecure-skip-verify": "what the run file says",
	"allow-incomplete":     "what may be wrong with files",
	"last":                 "how many runs of a folder",
}

// Every flag that names a file is known to, so that its path is relative to the scenario.
func TestPathsOfScenariosAreKnown(t *testing.T) {
	seen := map[string]bool{}
	for _, flags := range grammar() {
		for _, f := range scenario.Keys(flags) {
			seen[f.Name] = true
			known := slices.Contains(pathFlags, f.Name) || maybePath[f.Name] != nil || noPath[f.Name] != ""
			if namesFile.MatchString(f.Usage) && !known {
				t.Errorf("--%s: %q speaks of a file: is it in pathFlags, maybePath or noPath?", f.Name, f.Usage)
			}
		}
	}
	for _, name := range pathFlags {
		if !seen[name] {
			t.Errorf("there is no flag --%s", name)
		}
	}
}

func TestPathsOfScenarios(t *testing.T) {
	for _, c := range []struct{ flag, value, want string }{
		{"filename", "service.yaml", "bench/service.yaml"},
		{"filename", "/service.yaml", "/service.yaml"},
		{"baseline", "../results/*.jsonl", "results/*.jsonl"},
		{"native", "", ""},
		{"rate", "replay:trace.csv", "replay:bench/trace.csv"},
		{"rate", "50/s", "50/s"},
		{"for", "runc:body=b.json", "runc:body=bench/b.json"},
		{"for", "runc:path=/x", "runc:path=/x"},
		{"for", "runc", "runc"},
		{"a", "main.yaml", "bench/main.yaml"},
		{"b", "image=x", "image=x"},
		{"image", "x", "x"},
	} {
		faults := &scenario.Faults{File: "x.yaml"}
		got := relativeTo("bench", []scenario.Setting{{Flag: c.flag, Values: []scenario.Value{{Text: c.value}}}}, faults)
		if got[0].Values[0].Text != c.want || faults.Err() != nil {
			t.Errorf("--%s %s: %+v, %v", c.flag, c.value, got, faults.Err())
		}
	}
}

// Every flag that has no place in a file is one of the commands, so that the list does not go
// stale.
func TestRefusedFlagsExist(t *testing.T) {
	all := pflag.NewFlagSet("all", pflag.ContinueOnError)
	all.Bool("help", false, "") // cobra adds it
	for _, flags := range grammar() {
		flags.VisitAll(func(f *pflag.Flag) {
			if all.Lookup(f.Name) == nil {
				all.AddFlag(f)
			}
		})
	}
	for name := range scenario.Refused {
		if all.Lookup(name) == nil {
			t.Errorf("there is no flag --%s", name)
		}
	}
}

func TestWorstExitCode(t *testing.T) {
	for _, c := range []struct {
		codes []int
		want  int
	}{
		{[]int{exitOK, exitOK}, exitOK},
		{[]int{exitOK, gate.ExitInconclusive, exitOK}, gate.ExitInconclusive},
		{[]int{gate.ExitInconclusive, gate.ExitInvalid}, gate.ExitInvalid},
		{[]int{gate.ExitInvalid, exitFailed}, exitFailed},
		{[]int{exitFailed, exitUsage, exitOK}, exitUsage},
		{[]int{exitUsage, gate.ExitFail, exitFailed}, gate.ExitFail},
		{[]int{gate.ExitFail, exitInterrupted}, exitInterrupted},
	} {
		got := exitOK
		for _, code := range c.codes {
			got = worst(got, code)
		}
		if got != c.want {
			t.Errorf("%v: %d, want %d", c.codes, got, c.want)
		}
	}
}
