package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/headway"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// This file is part of ui.go: runs in pods of the cluster, for people.

// sayStarting says what is about to be created, and how to get back to it.
func sayStarting(p incluster.Plan, server string) {
	sayStep("starting run %s in a pod of namespace %s, of image %s, in the cluster at %s", p.Run, p.Namespace, p.Image, server)
	sayStep("if this command is killed, the run goes on: 'kn-coldstart attach -n %s %s' follows it, up to %.0f h after its end", p.Namespace, p.Run, incluster.Kept.Hours())
}

// sayGoesOn says that a run was left alone.
func sayGoesOn(j incluster.Job) {
	say("run %s goes on in the cluster: 'kn-coldstart attach -n %s %s' follows it", j.Run, j.Namespace, j.Run)
}

// saying is a line in the log of a run's pod that is for people or programs.
type saying struct {
	message
	// object is the line itself if the run was begun with --progress json.
	object json.RawMessage
}

// saidInPod reads a line in the log of a run's pod. It is no saying if it is one of the run
// file.
func saidInPod(line []byte) (saying, bool) {
	switch record.TypeOf(line) {
	case typeMessage, headway.TypeProgress:
		said := saying{object: line}
		return said, json.Unmarshal(line, &said.message) == nil
	case "":
		for _, level := range []string{"warning", "error", "hint"} {
			if rest, found := strings.CutPrefix(string(line), level+": "); found {
				return saying{message: message{Level: level, Text: rest}}, true
			}
		}
		return saying{message: message{Text: string(line)}}, true
	}
	return saying{}, false
}

// repeat says here what was said in the pod. What is no warning, error or hint is left to
// tell.
func (s saying) repeat(tell func(format string, args ...any)) {
	switch {
	case s.object != nil && stderr.how() == progressJSON && (!voice.quiet || s.Type == headway.TypeProgress || s.Level == "error"):
		stderr.object(s.object)
	case s.Type == headway.TypeProgress: // the messages say it, as far as people are to know
	case s.Level == "warning":
		sayWarning("%s", s.Text)
	case s.Level == "error":
		sayMarked(red, "error: ", "%s", s.Text)
	case s.Level == "hint":
		say("hint: %s", s.Text)
	default:
		tell("%s", s.Text)
	}
}

// printRuns lists the runs of a namespace.
func printRuns(namespace string, jobs []incluster.Job) {
	if len(jobs) == 0 {
		say("no run is in a pod of namespace %s", namespace)
		return
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tCOMMAND\tSTATE\tAGE")
	for _, j := range jobs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", table.Plain(j.Run), table.Plain(j.Command), j.State, age(j.Created))
	}
	_ = w.Flush() // an error of standard output is told at the end
}

// sayJobLeft says what clean makes of a run in a pod.
func sayJobLeft(j incluster.Job, taken bool) {
	what := "a pod that runs it"
	switch {
	case j.Gone:
		what = "roles"
	case j.State == incluster.Ended:
		what = "a pod that ran it"
	}
	text := fmt.Sprintf("run %s in namespace %s: %s, for %s, %s", j.Run, j.Namespace, what, age(j.Created), j.State)
	switch {
	case !taken:
		text += ", left alone"
	case j.State != incluster.Ended:
		text += ", ending in good order"
	}
	say("%s", text)
	switch {
	case taken:
	case j.State == incluster.Ended && !j.Gone:
		say("hint: 'kn-coldstart attach -n %s %s' writes its run file, up to %.0f h after its end; it is removed all the same with --run %s", j.Namespace, j.Run, incluster.Kept.Hours(), j.Run)
	case j.State != incluster.Ended:
		say("hint: 'kn-coldstart attach -n %s %s' follows it; it is ended and removed with --run %s", j.Namespace, j.Run, j.Run)
	}
}

func printJobsCleaned(n int) {
	if n > 0 {
		fmt.Printf("removed the pods of %s\n", runs(n))
	}
}
