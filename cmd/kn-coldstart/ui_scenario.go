package main

import "strings"

// This file is part of ui.go: how a scenario goes, for people.

func sayExperiment(name, command string, n, of int) {
	say("experiment %d of %d: %s (%s)", n, of, name, command)
}

// sayNotRun says which experiments were left out, and why.
func sayNotRun(names []string, interrupted bool) {
	if len(names) == 0 {
		return
	}
	why := "an experiment before failed, or its verdict is not a pass"
	if interrupted {
		why = "interrupted"
	}
	sayWarning("not run: %s: %s", strings.Join(names, ", "), why)
}

func sayWritten(path string) { say("wrote %s", path) }
