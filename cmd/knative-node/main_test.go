package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

// TestUsageErrors holds that a wrong command line is refused before anything happens,
// and that the error says what was wrong with which command.
func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		args    string
		command string
		want    string
	}{
		{"up now", "kn-coldstart cluster up", "takes no arguments"},
		{"up --timeout -1s", "kn-coldstart cluster up", "--timeout is -1s"},
		{"up --nosuch", "kn-coldstart cluster up", "unknown flag"},
		{"down all", "kn-coldstart cluster down", "takes no arguments"},
		{"status -o xml", "kn-coldstart cluster status", `unknown output "xml": use text or json`},
		{"logs", "kn-coldstart cluster logs", "kubelet"},
		{"load-image", "kn-coldstart cluster load-image", "an archive or a program"},
		{"add-handler", "kn-coldstart cluster add-handler", "NAME=BINARY"},
		{"add-handler mine=/nosuch", "kn-coldstart cluster add-handler", "there is no file /nosuch"},
		{"up --handler runc=/bin/sh", "kn-coldstart cluster up", "runc is a handler of the node itself"},
		{"up --handler a=/bin/sh --handler a=/bin/true", "kn-coldstart cluster up", "the name a is given twice"},
		{"remove-handler", "kn-coldstart cluster remove-handler", "the name of a handler that was added"},
		{"handlers -o xml", "kn-coldstart cluster handlers", `unknown output "xml": use text or json`},
		{"handlers --starts 1,0", "kn-coldstart cluster handlers", "--starts wants numbers of instances"},
		{"status --color sometimes", "kn-coldstart cluster status", "there is auto, always and never"},
		{"nosuch", "kn-coldstart cluster", `"nosuch"`},
	} {
		t.Run(c.args, func(t *testing.T) {
			root := newCommand()
			root.SetArgs(append(strings.Fields(c.args), "--state-dir", t.TempDir()))
			err := root.ExecuteContext(t.Context())
			var usage *usageError
			if !errors.As(err, &usage) {
				t.Fatalf("got %v, want a usage error", err)
			}
			if usage.command != c.command || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q of %q, want %q of %q", err, usage.command, c.want, c.command)
			}
			if code := exitCode(t.Context(), err); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
		})
	}
}

// TestHelp holds that every command has a description and an example that a user can
// type as it stands.
func TestHelp(t *testing.T) {
	root := newCommand()
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Hidden {
			continue
		}
		t.Run(cmd.Name(), func(t *testing.T) {
			if cmd.Short == "" || cmd.Long == "" {
				t.Error("no description")
			}
			if !strings.Contains(cmd.Example, "kn-coldstart cluster "+strings.TrimPrefix(cmd.Name(), root.Name())) {
				t.Errorf("no example of the command: %q", cmd.Example)
			}
			if help := cmd.UsageString(); strings.Contains(help, "  knative-node ") {
				t.Errorf("the help names the program that users do not start:\n%s", help)
			}
		})
	}
}

func TestHelpNamesAllHandlers(t *testing.T) {
	for _, handler := range node.OwnHandlerNames() {
		if !strings.Contains(newCommand().Long, handler) {
			t.Errorf("the help does not name the handler %s", handler)
		}
	}
}
