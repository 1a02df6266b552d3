package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

func newClean() *cobra.Command {
	var f clusterFlags
	var run string
	var all bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove what a killed run left",
		Long: "clean deletes the services that carry kn-coldstart's label, waits until their pods are gone, and\n" +
			"restores Knative settings that a killed run had changed. It touches nothing else.",
		Example: "  kn-coldstart clean\n  kn-coldstart clean -n bench --run 20261121-104501-a1b2c3",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all && f.Namespace != "" {
				return usage(errors.New("--all-namespaces and --namespace contradict each other"))
			}
			client, err := f.connect()
			if err != nil {
				return err
			}
			if all {
				client.Namespace = ""
			}
			progress := newProgress("removing")
			gone, err := client.Delete(cmd.Context(), ksvc.DeleteOptions{Run: run, Progress: progress.update})
			if err != nil {
				return err
			}
			restored, err := client.RestoreConfig(cmd.Context())
			printCleaned(gone, restored)
			if err == nil && restored {
				err = client.RestartActivator(cmd.Context()) // it reads the setting when it starts
			}
			return err
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringVar(&run, "run", "", "only what this run left")
	cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "in all namespaces")
	return cmd
}
