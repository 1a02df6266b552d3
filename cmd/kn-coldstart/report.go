package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/runfile"
)

func newReport() *cobra.Command {
	var format string
	var published bool
	var otlp otlpFlags
	var with metricFlags
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Show what run files say; the samples of several files are pooled",
		Long: "report shows what run files say. The samples of several files are pooled if the runs measured the same\n" +
			"thing: on the same cluster, with the same settings and images. Others are refused, and so is a copy of a\n" +
			"run, because a pool of them shows what none of them does.",
		Example: "  kn-coldstart report results/*.jsonl\n  kn-coldstart report -o csv results/RUN.jsonl > samples.csv\n" +
			"  kn-coldstart report -o html results/RUN.jsonl > report.html\n" +
			"  kn-coldstart report -o benchfmt results/RUN.jsonl | benchstat -col /runtimeClass -\n" +
			"  kn-coldstart report -o prometheus results/RUN.jsonl | curl -T - http://localhost:9091/metrics/job/kn-coldstart\n" +
			"  kn-coldstart report --otlp-endpoint http://localhost:4318 results/RUN.jsonl",
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runReport(cmd.Context(), format, published, otlp, with, args)
		},
	}
	output.Register(cmd.Flags(), &format, output.Report)
	cmd.Flags().BoolVar(&published, "published", false, "also show published figures of the classes of a work, in text, json and markdown")
	with.register(cmd.Flags())
	otlp.register(cmd.Flags())
	return cmd
}

// publishedFormats are those that show published figures.
var publishedFormats = []string{"text", "json", "markdown"}

// withPublished are runs to whose summary the published figures are added.
type withPublished struct{ runfile.Set }

// Summary implements output.Runs.
func (r withPublished) Summary() (*analysis.Summary, error) {
	s, err := r.Set.Summary()
	if err == nil {
		s.AddPublished()
	}
	return s, err
}

func runReport(ctx context.Context, format string, published bool, otlp otlpFlags, with metricFlags, args []string) error {
	f, err := output.Report.Find(format)
	if err != nil {
		return usage(err)
	}
	files, err := runfile.Find(args...)
	if err != nil {
		return usage(err)
	}
	if err := otlp.prepare(files); err != nil {
		return usage(err)
	}
	labels, err := with.parse(format, otlp.send)
	if err != nil {
		return usage(err)
	}
	var runs output.Runs = files
	if published {
		if !slices.Contains(publishedFormats, format) {
			return usage(fmt.Errorf("--published is for --output %s", strings.Join(publishedFormats, ", ")))
		}
		runs = withPublished{files}
	}
	runs = output.Labelled{Of: runs, Labels: labels}
	metrics, err := otlp.metrics(runs)
	if err == nil {
		err = f.Write(os.Stdout, runs)
	}
	if err != nil {
		return reportError(err)
	}
	return otlp.deliver(ctx, metrics)
}

// reportError tells arguments that are wrong from a failure to write.
func reportError(err error) error {
	var unreadable *runfile.Error
	var none *output.MetricsError
	switch {
	case errors.Is(err, pool.ErrDifferent):
		return usage(withHint(err, "report them one by one; 'kn-coldstart compare' holds them against each other, and -o csv takes the samples of any runs"))
	case errors.Is(err, output.ErrWork), errors.As(err, &none), errors.Is(err, pool.ErrCopy), errors.As(err, &unreadable):
		return usage(err)
	}
	return err
}
