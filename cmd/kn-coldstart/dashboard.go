package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

func newDashboard() *cobra.Command {
	return &cobra.Command{
		Use:   "dashboard",
		Short: "Print a Grafana dashboard for the metrics of runs",
		Long: "dashboard prints a dashboard for Grafana as JSON, to be imported there. It shows what Prometheus has from\n" +
			"'report -o prometheus', 'report -o openmetrics', 'report --otlp' and 'gate -o prometheus', run after run: latencies\n" +
			"by RuntimeClass, failures, instances, loads, deployments and verdicts. The data source is a variable of it. What is\n" +
			"shown is from the time that is chosen, and of figures with the same labels the latest.",
		Example: "  kn-coldstart dashboard > dashboard.json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := os.Stdout.Write(templates.Dashboard())
			return err
		},
	}
}
