package main

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

// saidOn gives what is said on standard error with the flags.
func saidOn(t *testing.T, flags ...string) string {
	t.Helper()
	root := newCommand()
	if err := root.ParseFlags(flags); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { newCommand() }) // which has the flags at their defaults again
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = w
	newProgress().does("a step")
	printWarning(errors.New("a warning"))
	printFinding(node.Finding{Problem: "a problem", Hint: "a way out"})
	printFinding(node.Finding{Problem: "a hindrance", Fatal: true})
	printError(node.ErrNotUp)
	os.Stderr = before
	closed := w.Close()
	said, err := io.ReadAll(r)
	if err := errors.Join(closed, err); err != nil {
		t.Fatal(err)
	}
	return string(said)
}

func TestVoice(t *testing.T) {
	const problems = "error: a hindrance\nerror: the node is not up\nhint: boot it: kn-coldstart cluster up\n"
	for _, c := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"as it is", nil, "[  0.0s] a step\nwarning: a warning\nwarning: a problem\n  hint: a way out\n" + problems},
		{"quiet", []string{"-q"}, problems},
		{"in colour", []string{"--quiet", "--color", "always"}, "\x1b[31merror: \x1b[0ma hindrance\n" +
			"\x1b[31merror: \x1b[0mthe node is not up\nhint: boot it: kn-coldstart cluster up\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, saidOn(t, c.flags...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
