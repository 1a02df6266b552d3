package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/store"
)

// This file and ui_costs.go are the only ones that print for people. Results go to standard output,
// progress and errors to standard error.

// insist prints a line that is never left out: an error, and what to do about it.
func insist(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// say is insist for all else, which --quiet leaves out.
func say(format string, args ...any) {
	if !voice.quiet {
		insist(format, args...)
	}
}

// hints says what to do about an error.
var hints = []struct {
	is   error
	hint string
}{
	{node.ErrNotUp, "boot it: kn-coldstart cluster up"},
	{node.ErrNotRoot, "run the command with sudo"},
	{node.ErrUp, "add a handler to a node that is up with: kn-coldstart cluster add-handler NAME=BINARY"},
}

// hintOf says what to do about an error that names something.
func hintOf(err error) string {
	var foreign *node.ForeignFolderError
	var other *node.OtherNodeError
	switch {
	case errors.As(err, &foreign):
		return "name an empty folder, or one that does not exist, with --state-dir; if an earlier version of " +
			"kn-coldstart has made its node here, create the file " + foreign.Marker + " and try again"
	case errors.As(err, &other):
		return "remove it first: kn-coldstart cluster down --state-dir " + other.Folder
	}
	return ""
}

func printError(err error) {
	if errors.Is(err, syscall.EPIPE) {
		return // whoever was to read it has read enough, as with `| head`
	}
	insist("%s%v", marked(red, "error: "), err)
	for _, h := range hints {
		if errors.Is(err, h.is) {
			insist("hint: %s", h.hint)
		}
	}
	if hint := hintOf(err); hint != "" {
		insist("hint: %s", hint)
	}
	var usage *usageError
	if errors.As(err, &usage) {
		insist("hint: see '%s --help'", usage.command)
	}
}

func printWarning(err error) { say("%s%v", marked(yellow, "warning: "), err) }

// printWait says for whom a command waits.
func printWait(h node.Holder) {
	say("process %d %s %s just now: waiting until it has ended", h.PID, h.Does, h.State)
}

// printGoesOn says why a command does not end at Ctrl-C.
func printGoesOn() {
	insist("containerd is being changed: that goes on to its end. Another Ctrl-C leaves at once, and may leave the change half done")
}

func printFinding(f node.Finding) {
	tell, mark := say, marked(yellow, "warning: ")
	if f.Fatal {
		tell, mark = insist, marked(red, "error: ")
	}
	tell("%s%s", mark, f.Problem)
	if f.Hint != "" {
		tell("  hint: %s", f.Hint)
	}
}

// progress prints the boot's steps with the time since it began.
type progress struct{ start time.Time }

func newProgress() *progress { return &progress{time.Now()} }

func (p *progress) print(e node.Progress) {
	elapsed := time.Since(p.start).Seconds()
	switch e.Kind {
	case node.StepStarted:
		say("[%5.1fs] %s ...", elapsed, e.Step)
	case node.StepDone:
		say("[%5.1fs] %s: done in %.1fs", elapsed, e.Step, e.Took.Seconds())
	case node.Warned:
		say("[%5.1fs] warning: %s", elapsed, strings.TrimPrefix(e.Step+": "+e.Detail, ": "))
	}
}

func (p *progress) ready(l node.Layout) error {
	say("[%5.1fs] Knative is ready", time.Since(p.start).Seconds())
	return printAccess(l)
}

func printAlreadyUp(l node.Layout) error {
	say("the node is already up")
	return printAccess(l)
}

func printAccess(l node.Layout) error {
	handlers, err := l.HandlerNames()
	if err != nil {
		return err
	}
	fmt.Printf("kubeconfig: %s\ningress:    %s\nhttps:      %s, with certificates of %s\n"+
		"next:       kn-coldstart single --runtime-class %s\n",
		l.Kubeconfig(), node.Ingress, node.IngressTLS, l.CA(), strings.Join(handlers, ","))
	return nil
}

func printAdded(h handler.Handler) {
	fmt.Printf("RuntimeClass %s: version %s, %s\nnext: kn-coldstart single --runtime-class runc,%s\n", h.Name, h.Version, h.Checksums, h.Name)
}

func printRemoved(name string, left node.Leftovers) {
	say("handler %s is removed, with %d pods; %d processes had to be killed", name, left.Pods, left.Processes)
}

func printDown() { say("the node is down") }

func printLoaded(images []store.Image) {
	for _, i := range images {
		fmt.Printf("%s  %.1f MB\n", i.Name, float64(i.Bytes)/1e6)
	}
}

func printJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func printStatus(s *node.Status) error {
	if s.Booting {
		fmt.Println("the node is booting, or its boot was killed; 'kn-coldstart cluster up' waits for it, or boots anew")
		return nil
	}
	if !s.Up {
		fmt.Println("the node is down")
		return nil
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COMPONENT\tPID\tHEALTHY\tMEMORY\tRESTARTS\tDETAIL")
	for _, c := range s.Components {
		healthy := "yes"
		if !c.Healthy {
			healthy = "no"
		}
		detail := c.Detail
		if detail == "" && c.LastExit != "" {
			detail = "ended before with " + c.LastExit
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%d MiB\t%d\t%s\n", c.Name, c.PID, healthy, c.MemoryBytes>>20, c.Restarts, detail)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, h := range s.UserHandlers {
		fmt.Printf("\nadded RuntimeClass %s: version %s, %s %s", h.Name, h.Version, h.Checksums, h.Settings)
	}
	fmt.Printf("\n%d processes, %d MiB in all; RuntimeClasses: %s\nkubeconfig: %s\ningress:    %s\nhttps:      %s, with certificates of %s\n",
		s.Processes, s.MemoryBytes>>20, strings.Join(s.Handlers, ", "), s.Kubeconfig, s.Ingress, s.IngressTLS, s.CA)
	return nil
}
