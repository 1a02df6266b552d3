// Command knative-node is a whole Kubernetes with Knative Serving on one Linux
// machine: real components, three container runtimes, no Docker, no registry.
// It is the test bed of kn-coldstart, and a cluster for trying it.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)
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

// usageError is a command line that makes no sense.
type usageError struct{ error }

func newCommand() *cobra.Command {
	var l node.Layout
	root := &cobra.Command{
		Use:   "knative-node",
		Short: "A real Kubernetes with Knative Serving on this machine",
		Long: "knative-node boots a whole Kubernetes with Knative Serving in namespaces of its own:\n" +
			"real API server, kubelet, containerd, ingress, and the RuntimeClasses runc, crun and gvisor.",
		Example:       "  knative-node up\n  export KUBECONFIG=" + node.DefaultStateDir + "/kubeconfig\n  knative-node status\n  knative-node down",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.PersistentFlags().StringVar(&l.State, "state-dir", node.DefaultStateDir, "folder for the node's state, removed by 'down'")
	root.PersistentFlags().StringVar(&l.Dist, "dist-dir", defaultDist(), "folder of the node's programs, made by 'make node'")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return absolute(&l) }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(newUp(&l), newDown(&l), newStatus(&l), newLogs(&l), newKubeconfig(&l), newLoadImage(&l))
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

// newInside makes the commands by which the program calls itself inside the
// sandbox.
func newInside(l *node.Layout) []*cobra.Command {
	return []*cobra.Command{
		{Use: node.InitCommand, Hidden: true, Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
			return node.Init(*l)
		}},
		{Use: node.SuperviseCommand, Hidden: true, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			return node.Supervise(cmd.Context(), *l)
		}},
	}
}
