// Command knative-node is the embedded node of kn-coldstart: a whole Kubernetes with
// Knative Serving on one Linux machine, with several container runtimes, without Docker
// and without a registry. It is the test bed of kn-coldstart, and a cluster to try it on.
// People start it as 'kn-coldstart cluster'.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func main() {
	ctx := handleSignals(context.Background(), func() { os.Exit(130) })
	if err := newCommand().ExecuteContext(ctx); err != nil {
		printError(err)
		os.Exit(exitCode(ctx, err))
	}
}

func exitCode(ctx context.Context, err error) int {
	var usage *usageError
	switch {
	case ctx.Err() != nil:
		return 130
	case errors.As(err, &usage):
		return 2
	}
	return 1
}

// usageError is a wrong command line.
type usageError struct {
	error
	command string // what to add --help to
}

// checkArgs turns the error of check into a usage error.
func checkArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err, cmd.CommandPath()}
		}
		return nil
	}
}

// noArgs refuses arguments. cobra's own NoArgs calls them unknown commands.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("'%s' takes no arguments, and got %q", cmd.CommandPath(), strings.Join(args, " "))
	}
	return nil
}

// oneArg wants exactly one argument, which what describes.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("'%s' takes one argument, %s, and got %d", cmd.CommandPath(), what, len(args))
		}
		return nil
	}
}

func newCommand() *cobra.Command {
	var l node.Layout
	root := &cobra.Command{
		Use: "knative-node",
		// This is how people start the program.
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kn-coldstart cluster"},
		Short:       "A real Kubernetes with Knative Serving on this machine",
		Long: "Boot a whole Kubernetes with Knative Serving on this machine, in Linux namespaces of its\n" +
			"own: real API server, kubelet, containerd and ingress, without Docker. 'down' removes all\n" +
			"of it again. It needs Linux and root.\n\n" +
			"It has these RuntimeClasses, as far as the build has their programs: " + strings.Join(node.OwnHandlerNames(), ", ") + ".\n" +
			"'add-handler' adds a container runtime of your own.",
		Example: "  kn-coldstart cluster up\n  export KUBECONFIG=" + node.DefaultStateDir + "/kubeconfig\n" +
			"  kn-coldstart cluster status\n  kn-coldstart cluster down",
		Args:          checkArgs(noArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.PersistentFlags().StringVar(&l.State, "state-dir", node.DefaultStateDir, "folder for the node's state, which 'down' removes; it must be empty or not exist before 'up'")
	root.PersistentFlags().StringVar(&l.Dist, "dist-dir", defaultDist(), "folder with the node's programs, which 'make node' builds")
	registerVoice(root.PersistentFlags())
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkVoice(); err != nil {
			return &usageError{err, cmd.CommandPath()}
		}
		return absolute(&l)
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{err, cmd.CommandPath()} })
	root.AddCommand(newUp(&l), newDown(&l), newStatus(&l), newLogs(&l), newKubeconfig(&l), newLoadImage(&l), newAddHandler(&l), newRemoveHandler(&l), newHandlers(&l))
	root.AddCommand(newInside(&l)...)
	return root
}

func absolute(l *node.Layout) (err error) {
	if l.State, err = filepath.Abs(l.State); err != nil {
		return err
	}
	l.Dist, err = filepath.Abs(l.Dist)
	return err
}

// defaultDist is the folder "node" beside the program.
func defaultDist() string {
	self, err := os.Executable()
	if err != nil {
		return "node"
	}
	return filepath.Join(filepath.Dir(self), "node")
}

// newInside makes the hidden commands with which the program starts itself inside the
// sandbox.
func newInside(l *node.Layout) []*cobra.Command {
	var timeout time.Duration
	all := []*cobra.Command{
		{Use: node.InitCommand, Hidden: true, Args: checkArgs(noArgs), RunE: func(*cobra.Command, []string) error {
			return node.Init(*l, timeout)
		}},
		{Use: node.SuperviseCommand, Hidden: true, Args: checkArgs(noArgs), RunE: func(cmd *cobra.Command, _ []string) error {
			return node.Supervise(cmd.Context(), *l, timeout)
		}},
	}
	for _, cmd := range all {
		addTimeout(cmd, &timeout)
	}
	return all
}
