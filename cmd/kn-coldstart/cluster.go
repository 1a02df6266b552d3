package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

// nodeProgram boots the embedded node. It is a program of its own, so that this one
// does not have to contain a whole Kubernetes.
const nodeProgram = "knative-node"

// nodeVerb is a command of the node's program.
type nodeVerb struct{ use, short, example string }

// nodeVerbs have their flags in the node's program, which reads the rest of the
// command line.
var nodeVerbs = []nodeVerb{
	{"up [--handler NAME=BINARY]... [--retain] [--timeout DURATION]", "Boot the node in the background, and return when Knative answers",
		"  kn-coldstart cluster up\n  kn-coldstart cluster up --handler runc-pr=./runc   # with a container runtime of your own\n" +
			"  kn-coldstart cluster up --retain   # keep the logs if the boot fails"},
	{"down", "End the node and remove all of it", "  kn-coldstart cluster down"},
	{"status [-o json]", "Show the process, health and memory of each component",
		"  kn-coldstart cluster status\n  kn-coldstart cluster status -o json"},
	{"kubeconfig", "Print the administrator's kubeconfig", "  kn-coldstart cluster kubeconfig > node.kubeconfig"},
	{"logs COMPONENT", "Print a component's log", "  kn-coldstart cluster logs kubelet\n  kn-coldstart cluster logs activator"},
	{"add-handler NAME=BINARY[,KEY=VALUE]...", "Add a container runtime of your own, as a RuntimeClass",
		"  kn-coldstart cluster add-handler runc-pr=./runc"},
	{"remove-handler NAME", "Remove a container runtime that was added, with its pods and processes",
		"  kn-coldstart cluster remove-handler runc-pr"},
	{"handlers [NAME]... [--starts N,...] [-o json]", "Measure what container runtimes cost to have, side by side",
		"  kn-coldstart cluster handlers\n  kn-coldstart cluster handlers runc crun --starts 1,10,100,500"},
	{"load-image FILE [--name IMAGE]", "Give the node an image: an archive, or a static program",
		"  kn-coldstart cluster load-image image.tar\n  kn-coldstart cluster load-image ./server --name dev.local/server:v2"},
}

func newCluster() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "cluster",
		Short: "Run a real Kubernetes with Knative on this machine, to try things out",
		Long: "cluster runs the embedded node: a whole Kubernetes with Knative Serving in namespaces of its own.\n" +
			"It needs Linux, root, and the program " + nodeProgram + ".",
		Example: "  kn-coldstart cluster up\n  kn-coldstart cluster status\n" +
			"  kn-coldstart cluster logs activator\n  kn-coldstart cluster down",
	})
	for _, verb := range nodeVerbs {
		cmd.AddCommand(verb.command())
	}
	return cmd
}

func (v nodeVerb) command() *cobra.Command {
	cmd := &cobra.Command{
		Use: v.use, Short: v.short, Example: v.example, DisableFlagParsing: true, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			program, err := findNode()
			if err != nil && asksForHelp(args) {
				sayMissing(err)
				return cmd.Help()
			}
			if err != nil {
				return err
			}
			return runNode(cmd.Context(), program, slices.Concat([]string{cmd.Name()}, voiceArgs(), args))
		},
	}
	cmd.Flags().BoolP("verbose", "v", false, "the node's program has no such flag")
	_ = cmd.Flags().MarkHidden("verbose") // in place of the one of every command
	return cmd
}

func asksForHelp(args []string) bool {
	return slices.Contains(args, "--help") || slices.Contains(args, "-h")
}

// runNode runs the node's program as if it were this one: with the same terminal and
// the same exit code. The program is in a process group of its own and hears of an
// interruption once, from this one. In the same group it would hear of it a second
// time, from the terminal, and would exit at once.
func runNode(ctx context.Context, program string, args []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = ownGroup()
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &nodeError{exit.ExitCode()}
	}
	return err
}

// voiceArgs are what the environment says of how much is said and in which colour, for the
// node's program. What the command line says follows, and counts.
func voiceArgs() []string {
	var args []string
	if voice.quiet {
		args = append(args, "--quiet")
	}
	if voice.colour != colourAuto {
		args = append(args, "--color="+voice.colour.String())
	}
	return args
}

// nodeError is a failure that the node's program has told the user already.
type nodeError struct{ code int }

func (e *nodeError) Error() string {
	return fmt.Sprintf("%s ended with status %d", nodeProgram, e.code)
}

// findNode looks beside this program, then on the PATH.
func findNode() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), nodeProgram)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath(nodeProgram)
	if err != nil {
		return "", withHint(fmt.Errorf("find %s, which runs the embedded node: it is neither beside kn-coldstart nor on the PATH", nodeProgram),
			"take it from a release, as the README says, or build it with `make node` in a checkout of kn-coldstart, which puts it into build/ with the programs that it needs; then use build/kn-coldstart")
	}
	return path, nil
}
