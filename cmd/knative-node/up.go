package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newUp(l *node.Layout) *cobra.Command {
	var options node.UpOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Boot the node in the background; returns when Knative answers",
		Long: "Boot the node in the background, and return when Knative answers.\n\n" +
			"First it is checked whether this machine can run the node. When the boot fails or is\n" +
			"interrupted, everything that it has made is removed. A node that is already up stays as\n" +
			"it is. While another 'up' boots the node, this one waits for it. What a boot left that was\n" +
			"killed is removed first.",
		Example: "  kn-coldstart cluster up\n  kn-coldstart cluster up --retain   # keep the logs of a boot that fails",
		Args: checkArgs(func(cmd *cobra.Command, args []string) error {
			if options.Timeout <= 0 {
				return fmt.Errorf("--timeout is %s: want a time in which a node can boot, such as %s", options.Timeout, node.DefaultTimeout)
			}
			return noArgs(cmd, args)
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := newProgress()
			options.OnWait, options.OnProgress = printWait, p.print
			options.Check = func() error { return preflight(*l) }
			err := node.Up(cmd.Context(), *l, options)
			if errors.Is(err, node.ErrUp) {
				printAlreadyUp(*l)
				return nil
			}
			if err != nil {
				return err
			}
			p.ready(*l)
			return nil
		},
	}
	cmd.Flags().BoolVar(&options.Retain, "retain", false, "keep the state folder, with its logs, when the boot fails")
	addTimeout(cmd, &options.Timeout)
	return cmd
}

func addTimeout(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "timeout", node.DefaultTimeout, "how long the boot may take")
}

// preflight prints what it finds, and returns an error when the node cannot boot.
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
		Long: "End the node and remove everything that it has made: processes, network, cgroups and the\n" +
			"state folder with all logs. It also removes what a node left that was killed, and\n" +
			"interrupts a boot. Without a node it does nothing. A folder in which 'up' has made no node,\n" +
			"and files that are not the node's, are never touched.",
		Example: "  kn-coldstart cluster down",
		Args:    checkArgs(noArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := node.Down(cmd.Context(), *l, node.DownOptions{OnWait: printWait, OnWarning: printWarning}); err != nil {
				return err
			}
			printDown()
			return nil
		},
	}
}
