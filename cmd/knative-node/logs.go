package main

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newLogs(l *node.Layout) *cobra.Command {
	return &cobra.Command{
		Use:     "logs COMPONENT",
		Short:   "Print a component's log",
		Long:    "Print a component's log. The components are:\n  " + strings.Join(node.ComponentNames(), "\n  "),
		Example: "  kn-coldstart cluster logs kubelet\n  kn-coldstart cluster logs activator",
		Args:    checkArgs(oneArg("the name of a component (" + strings.Join(node.ComponentNames(), ", ") + ")")),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := l.LogFiles(args[0])
			if err != nil {
				return err
			}
			for _, file := range files {
				if err := copyFile(file); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func copyFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(os.Stdout, f)
	return err
}
