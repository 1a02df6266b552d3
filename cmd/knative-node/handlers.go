package main

import (
	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/handler"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newAddHandler(l *node.Layout) *cobra.Command {
	return &cobra.Command{
		Use:   "add-handler NAME=BINARY[,KEY=VALUE]...",
		Short: "Add a container runtime of your own, as a RuntimeClass",
		Long: "Add a container runtime of your own to the node that is up, and print its version and the\n" +
			"SHA-256 of its files, which are also part of what each run says about the cluster.\n\n" + handler.Help + "\n\n" +
			"The binary must answer --version. containerd is started again; pods and requests go on, but\n" +
			"pods that are just starting are delayed: do not add a handler while you measure.\n" +
			"cmd/knative-node/handlers.md says how each known runtime is added.",
		Example: "  kn-coldstart cluster add-handler runc-pr=./runc\n" +
			"  kn-coldstart cluster add-handler runc-nogc=./runc,env=GOGC=off\n" +
			"  kn-coldstart cluster add-handler kata-fc=/opt/kata/bin/containerd-shim-kata-v2,type=io.containerd.kata.v2," +
			"options=/opt/kata/share/defaults/kata-containers/configuration-fc.toml,snapshotter=devmapper,overhead-memory=130Mi\n" +
			"  kn-coldstart cluster add-handler gvisor-pr=build/node/bin/containerd-shim-runsc-v1,type=io.containerd.runsc.v1,program=./runsc",
		Args: checkArgs(oneArg("NAME=BINARY")),
		RunE: func(cmd *cobra.Command, args []string) error {
			handlers, err := node.ParseHandlers(args[0])
			if err != nil {
				return &usageError{err, cmd.CommandPath()}
			}
			added, err := node.AddHandler(cmd.Context(), *l, handlers[0], changeOptions)
			if err != nil {
				return err
			}
			printAdded(added)
			return nil
		},
	}
}

func newRemoveHandler(l *node.Layout) *cobra.Command {
	return &cobra.Command{
		Use:   "remove-handler NAME",
		Short: "Remove a container runtime that was added, with its pods and processes",
		Long: "Remove a container runtime that was added, its RuntimeClass, its pods, and whatever it has\n" +
			"left: sandboxes that do not end, shims, and programs that hang. The rest of the node goes on.\n" +
			"Knative Services that ask for the RuntimeClass stay, and can start no instance any more.",
		Example: "  kn-coldstart cluster remove-handler runc-pr",
		Args:    checkArgs(oneArg("the name of a handler that was added")),
		RunE: func(cmd *cobra.Command, args []string) error {
			left, err := node.RemoveHandler(cmd.Context(), *l, args[0], changeOptions)
			if err != nil {
				return err
			}
			printRemoved(args[0], left)
			return nil
		},
	}
}

var changeOptions = node.ChangeOptions{OnWait: printWait, OnWarning: printWarning, OnInterrupt: printGoesOn}
