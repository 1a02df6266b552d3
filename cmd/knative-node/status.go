package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newStatus(l *node.Layout) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show each component: its process, health and memory",
		Example: "  knative-node status\n  knative-node status -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			status, err := l.Status(cmd.Context())
			if err != nil {
				return err
			}
			switch output {
			case "json":
				encoder := json.NewEncoder(os.Stdout)
				encoder.SetIndent("", "  ")
				return encoder.Encode(status)
			case "text":
				return printStatus(status)
			}
			return &usageError{fmt.Errorf("unknown output %q: use text or json", output)}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

func newKubeconfig(l *node.Layout) *cobra.Command {
	return &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the administrator's kubeconfig",
		Example: "  knative-node kubeconfig > node.kubeconfig",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := mustRun(*l); err != nil {
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

func mustRun(l node.Layout) error {
	running, err := l.Running()
	if err == nil && running == nil {
		err = errNotUp
	}
	return err
}
