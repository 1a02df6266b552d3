package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

// nodeProgram boots the embedded node. It is a program of its own, so that this
// one does not carry a whole Kubernetes.
const nodeProgram = "knative-node"

func newCluster() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cluster",
		Short: "A real Kubernetes with Knative on this machine, to try things on",
		Long:  "cluster runs the embedded node: a whole Kubernetes with Knative Serving in namespaces of its own.",
		Example: "  kn-coldstart cluster up\n  kn-coldstart cluster status\n" +
			"  kn-coldstart cluster logs activator\n  kn-coldstart cluster down",
	}
	for _, verb := range []struct{ name, short string }{
		{"up", "Boot the node in the background; returns when Knative answers"},
		{"down", "End the node and remove all of it"},
		{"status", "Show each component: its process, health and memory"},
		{"kubeconfig", "Print the administrator's kubeconfig"},
		{"logs", "Print a component's log"},
		{"load-image", "Give the node an image: an archive, or a static program"},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: verb.name, Short: verb.short, DisableFlagParsing: true,
			RunE: func(cmd *cobra.Command, args []string) error {
				return runNode(cmd.Context(), append([]string{verb.name}, args...))
			},
		})
	}
	return cmd
}

// runNode runs the node's program in this one's place as far as the user sees:
// same terminal, same exit code. The program is in a process group of its own and
// is told of an interruption once, by this one: from a terminal it would hear of it
// twice, and take the second for the wish to end at once.
func runNode(ctx context.Context, args []string) error {
	program, err := findNode()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &nodeError{exit.ExitCode()}
	}
	return err
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
		return "", fmt.Errorf("find %s: %w", nodeProgram, err)
	}
	return path, nil
}
