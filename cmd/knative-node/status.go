package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/note"
)

func newStatus(l *node.Layout) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show each component: its process, health and memory",
		Long: "Show each component of the node: the PID of its process on this machine, whether it is\n" +
			"healthy, its memory, how often it was started again, and what is wrong with it.",
		Example: "  kn-coldstart cluster status\n  kn-coldstart cluster status -o json",
		Args:    checkArgs(noArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return &usageError{fmt.Errorf("unknown output %q: use text or json", output), cmd.CommandPath()}
			}
			status, err := l.Status(cmd.Context())
			if err := warnOfUnreadable(err); err != nil {
				return err
			}
			if output == "json" {
				return printJSON(status)
			}
			return printStatus(status)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "output format: text or json")
	return cmd
}

func newKubeconfig(l *node.Layout) *cobra.Command {
	return &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the administrator's kubeconfig",
		Long:    "Print the kubeconfig of the node's administrator. The node must be up.",
		Example: "  kn-coldstart cluster kubeconfig > node.kubeconfig\n  kubectl --kubeconfig node.kubeconfig get pods -A",
		Args:    checkArgs(noArgs),
		RunE: func(*cobra.Command, []string) error {
			if err := mustBeUp(*l); err != nil {
				return err
			}
			b, err := os.ReadFile(l.Kubeconfig())
			if err != nil {
				return err
			}
			_, err = os.Stdout.Write(b)
			return err
		},
	}
}

func mustBeUp(l node.Layout) error {
	up, err := l.IsUp()
	if err := warnOfUnreadable(err); err != nil {
		return err
	}
	if !up {
		return node.ErrNotUp
	}
	return nil
}

// warnOfUnreadable turns the error about a destroyed note into a warning: such a node is
// down, and 'down' removes what is left of it.
func warnOfUnreadable(err error) error {
	if errors.Is(err, note.ErrUnreadable) {
		printWarning(err)
		return nil
	}
	return err
}
