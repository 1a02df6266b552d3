package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newUp(l *node.Layout) *cobra.Command {
	var retain bool
	cmd := &cobra.Command{
		Use:     "up",
		Short:   "Boot the node in the background; returns when Knative answers",
		Example: "  knative-node up\n  knative-node up --retain   # leave the logs of a failed boot",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if running, err := l.Running(); err != nil || running != nil {
				printAlreadyUp(*l)
				return err
			}
			if err := preflight(*l); err != nil {
				return err
			}
			p := newProgress()
			err := node.Up(cmd.Context(), *l, node.UpOptions{Retain: retain, OnProgress: p.print})
			if err != nil {
				return err
			}
			p.ready(*l)
			return nil
		},
	}
	cmd.Flags().BoolVar(&retain, "retain", false, "leave the state folder, with its logs, when the boot fails")
	return cmd
}

// preflight prints what it finds and fails when the node cannot boot.
func preflight(l node.Layout) error {
	fatal := false
	for _, f := range node.Preflight(l) {
		printFinding(f)
		fatal = fatal || f.Fatal
	}
	if fatal {
		return errors.New("this machine cannot run the node; nothing was started")
	}
	return nil
}

func newDown(l *node.Layout) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the node and remove all of it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := node.Down(*l); err != nil {
				return err
			}
			printDown()
			return nil
		},
	}
}
