package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newUp(l *node.Layout) *cobra.Command {
	var options node.UpOptions
	var texts []string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Boot the node in the background; returns when Knative answers",
		Long: "Boot the node in the background, and return when Knative answers.\n\n" +
			"First it is checked whether this machine can run the node. When the boot fails or is\n" +
			"interrupted, everything that it has made is removed. A node that is already up stays as\n" +
			"it is. While another 'up' boots the node, this one waits for it. What a boot left that was\n" +
			"killed is removed first.\n\n" +
			"--handler brings a container runtime of your own.\n" + handler.Help,
		Example: "  kn-coldstart cluster up\n  kn-coldstart cluster up --retain   # keep the logs of a boot that fails\n" +
			"  kn-coldstart cluster up --handler runc-pr=./runc --handler crun-pr=/opt/crun/bin/crun",
		Args: checkArgs(func(cmd *cobra.Command, args []string) error {
			if options.Timeout <= 0 {
				return fmt.Errorf("--timeout is %s: want a time in which a node can boot, such as %s", options.Timeout, node.DefaultTimeout)
			}
			return noArgs(cmd, args)
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			handlers, err := node.ParseHandlers(texts...)
			if err != nil {
				return &usageError{err, cmd.CommandPath()}
			}
			p := newProgress()
			options.Handlers, options.OnWait, options.OnProgress = handlers, printWait, p.print
			options.Check = func() error { return preflight(*l) }
			err = node.Up(cmd.Context(), *l, options)
			if errors.Is(err, node.ErrUp) && len(handlers) == 0 {
				return printAlreadyUp(*l)
			}
			if err != nil {
				return err
			}
			return p.ready(*l)
		},
	}
	cmd.Flags().BoolVar(&options.Retain, "retain", false, "keep the state folder, with its logs, when the boot fails")
	cmd.Flags().StringArrayVar(&texts, "handler", nil, "container runtime to add, as NAME=BINARY[,KEY=VALUE]...; repeatable")
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
			"interrupts a boot or a measurement of the handlers. Without a node it does nothing. A folder\n" +
			"in which 'up' has made no node, and files that are not the node's, are never touched.",
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
