package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc/check"
)

func newRBAC() *cobra.Command {
	var g check.Grant
	cmd := &cobra.Command{
		Use:   "rbac",
		Short: "Print the manifests of a service account with the permissions that runs need",
		Long: "rbac prints a ServiceAccount, Roles, ClusterRoles and their bindings for kubectl: what kn-coldstart needs\n" +
			"to run in a namespace, and no more. It asks no cluster. The namespace has to exist when they are applied.",
		Example: "  kn-coldstart rbac -n bench | kubectl apply -f -\n" +
			"  kn-coldstart rbac -n bench --service-account ci --traces | kubectl apply -f -",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return printManifests(g) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&g.Namespace, "namespace", "n", "", "namespace of the runs and of the service account (bench)")
	flags.StringVar(&g.ServiceAccount, "service-account", "kn-coldstart", "service account that receives the permissions")
	flags.BoolVar(&g.Traces, "traces", false, "also grant what --traces needs: to patch Knative's tracing and its activator")
	flags.BoolVar(&g.Workers, "workers", false, "also grant what --workers needs: to run a Job in the namespace, and to reach its pods")
	flags.BoolVar(&g.Usage, "usage", false, "also grant what the memory and CPU of instances on other machines need: to get nodes/proxy")
	return cmd
}

func printManifests(g check.Grant) error {
	if err := g.Validate(); err != nil {
		return usage(err)
	}
	text, err := g.Manifests()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}
