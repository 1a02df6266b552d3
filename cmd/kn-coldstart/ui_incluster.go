package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// This file is part of ui.go: runs in pods of the cluster, for people.

// sayStarting says what is about to be created, and how to get back to it.
func sayStarting(p incluster.Plan, server string) {
	sayStep("starting run %s in a pod of namespace %s, of image %s, in the cluster at %s", p.Run, p.Namespace, p.Image, server)
	say("if this command is killed, the run goes on: 'kn-coldstart attach -n %s %s' follows it, up to %.0f h after its end", p.Namespace, p.Run, incluster.Kept.Hours())
}

// sayGoesOn says that a run was left alone.
func sayGoesOn(j incluster.Job) {
	say("run %s goes on in the cluster: 'kn-coldstart attach -n %s %s' follows it", j.Run, j.Namespace, j.Run)
}

// sayFromPod repeats what the run says in its pod.
func sayFromPod(text string) {
	for mark, colour := range map[string]string{"warning: ": yellow, "error: ": red} {
		if rest, found := strings.CutPrefix(text, mark); found {
			sayMarked(colour, mark, "%s", rest)
			return
		}
	}
	say("%s", text)
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
	if !taken && j.State != incluster.Ended {
		say("hint: 'kn-coldstart attach -n %s %s' follows it; it is ended and removed with --run %s", j.Namespace, j.Run, j.Run)
	}
}

func printJobsCleaned(n int) {
	if n > 0 {
		fmt.Printf("removed the pods of %s\n", runs(n))
	}
}
