package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// cleanFlags are the options of clean.
type cleanFlags struct {
	clusterFlags
	run string
	all bool
}

func newClean() *cobra.Command {
	var f cleanFlags
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove what a killed run left in the cluster",
		Long: "clean deletes the services that carry kn-coldstart's label, waits until their pods are gone, and\n" +
			"restores the Knative settings that a killed run had changed. It touches nothing else.",
		Example: "  kn-coldstart clean\n  kn-coldstart clean -n bench --run 20261121-104501-a1b2c3\n  kn-coldstart clean --all-namespaces",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.clean(cmd.Context()) },
	}
	flags := cmd.Flags()
	f.register(flags)
	flags.StringVar(&f.run, "run", "", "remove only what the run of this ID left")
	flags.BoolVarP(&f.all, "all-namespaces", "A", false, "remove from all namespaces")
	return cmd
}

func (f *cleanFlags) clean(ctx context.Context) error {
	if f.all && f.Namespace != "" {
		return usage(errors.New("--all-namespaces and --namespace contradict each other"))
	}
	client, err := f.connect()
	if err != nil {
		return err
	}
	sayChecking(client.Server())
	gone, err := client.Delete(ctx, ksvc.DeleteOptions{Run: f.run, AllNamespaces: f.all, Progress: newProgress("removing").update})
	if err != nil {
		return err
	}
	restored, err := client.RestoreConfig(ctx)
	printCleaned(gone, restored)
	if err == nil && restored {
		err = client.RestartActivator(ctx) // it reads the setting when it starts
	}
	return err
}
