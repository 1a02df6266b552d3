package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/ksvc/check"
)

// doctorFlags are the options of doctor.
type doctorFlags struct {
	clusterFlags
	classes       []string
	clientTimeout time.Duration
	output        string
}

func newDoctor() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the cluster, and the settings that change cold starts by seconds",
		Long: "doctor checks everything that a run needs, and the settings that decide how long a cold start takes.\n" +
			"It gives a verdict on each and says what to do. Its exit code is 1 if a check fails that a run needs.",
		Example: "  kn-coldstart doctor\n  kn-coldstart doctor --runtime-class runc,gvisor -o json",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	f.register(flags)
	f.registerIngress(flags)
	flags.StringSliceVar(&f.classes, "runtime-class", nil, "RuntimeClass that must exist; repeatable")
	flags.DurationVar(&f.clientTimeout, "client-timeout", 100*time.Second, "client timeout that Knative's own timeouts must allow")
	output.Register(flags, &f.output, output.Checks)
	return cmd
}

func (f *doctorFlags) run(ctx context.Context) error {
	format, err := output.Checks.Find(f.output)
	if err != nil {
		return usage(err)
	}
	client, err := f.connect()
	if err != nil {
		return err
	}
	sayChecking(client.Server())
	checks := client.Doctor(ctx, record.Needs{
		RuntimeClasses: f.classes, ClientTimeout: f.clientTimeout, IngressAddress: f.ingressAddress,
	})
	if err := format.Write(os.Stdout, checks); err != nil {
		return err
	}
	if check.Failed(checks) != nil {
		return errors.New("this cluster cannot be measured yet: see the failed checks")
	}
	return nil
}
