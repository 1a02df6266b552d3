package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// This file is part of ui.go: what clean finds and does, for people.

// sayLeft says what there is of a run, and what becomes of it.
func sayLeft(l ksvc.Left, taken bool) {
	words := []string{fmt.Sprintf("run %s in namespace %s: %s", l.Run, l.Namespace, leftThings(l))}
	if !l.Since.IsZero() {
		words = append(words, "for "+age(l.Since))
	}
	words = append(words, liveness(l))
	if !taken {
		words = append(words, "left alone")
	}
	say("%s", strings.Join(words, ", "))
	if !taken && l.Liveness == ksvc.Alive {
		say("hint: it is removed all the same with --run %s", l.Run)
	}
}

func leftThings(l ksvc.Left) string {
	if l.Tracing {
		return "Knative's tracing"
	}
	return fmt.Sprintf("%d services and %d pods", l.Services, l.Pods)
}

func liveness(l ksvc.Left) string {
	if l.Renewed.IsZero() {
		return string(l.Liveness)
	}
	return fmt.Sprintf("%s (last heard of %s ago)", l.Liveness, age(l.Renewed))
}

// age is how long ago something was, as far as the clocks agree.
func age(since time.Time) string { return max(0, time.Since(since)).Round(time.Second).String() }

func printCleaned(done ksvc.Cleaned) {
	fmt.Printf("removed %d services and %d pods\n", done.Services, done.Pods)
	if done.Changed {
		fmt.Println("restored Knative's settings")
	}
	if len(done.Left) > 0 {
		sayWarning("left as somebody else has set it meanwhile, in Knative's config-observability: %s", strings.Join(done.Left, ", "))
	}
}
