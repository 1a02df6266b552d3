package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

func newDoctor() *cobra.Command {
	var f clusterFlags
	var classes []string
	var output string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the cluster, and the settings that move cold starts by seconds",
		Long: "doctor looks at everything that a run needs and at the settings that decide how long a cold start\n" +
			"takes, each with a verdict and what to do. It exits with 1 if something would keep a run from starting.",
		Example: "  kn-coldstart doctor\n  kn-coldstart doctor --runtime-class runc,gvisor -o json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return usage(fmt.Errorf("unknown --output %q: use text or json", output))
			}
			client, err := f.connect()
			if err != nil {
				return err
			}
			checks := client.Doctor(cmd.Context(), ksvc.CheckOptions{
				Classes: classes, ClientTimeout: timeout, IngressAddress: f.ingressAddress,
			})
			if err := printDoctor(checks, output); err != nil {
				return err
			}
			if ksvc.FailedChecks(checks) != nil {
				return errors.New("this cluster cannot be measured yet: see the failed checks")
			}
			return nil
		},
	}
	f.register(cmd.Flags())
	f.registerIngress(cmd.Flags())
	cmd.Flags().StringSliceVar(&classes, "runtime-class", nil, "RuntimeClass that must exist; repeatable")
	cmd.Flags().DurationVar(&timeout, "client-timeout", 100*time.Second, "client timeout that Knative's own must allow")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}

func printDoctor(checks []ksvc.Check, output string) error {
	if output == "json" {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(checks)
	}
	return printChecks(checks)
}
