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
	"github.com/kn-coldstart/kn-coldstart/analysis/handler"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/runfile"
)

// reportFlags are the options of report.
type reportFlags struct {
	output    string
	published bool
	handlers  string
	metric    metricFlags
	otlp      otlpFlags
}

func newReport() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Show what run files say; the samples of several files are pooled",
		Long: "report shows what run files say. The samples of several files are pooled if the runs measured the same\n" +
			"thing: on the same cluster, with the same settings and images. Others are refused, and so is a copy of a\n" +
			"run, because a pool of them shows what none of them does.\n\n" +
			"--handlers adds what the container runtimes of the classes cost to have, from a file that\n" +
			"'kn-coldstart cluster handlers -o json' wrote on the same node.",
		Example: "  kn-coldstart report results/*.jsonl\n  kn-coldstart report -o csv results/RUN.jsonl > samples.csv\n" +
			"  kn-coldstart report -o html results/RUN.jsonl > report.html\n" +
			"  kn-coldstart report -o html --handlers handlers.json results/RUN.jsonl > report.html\n" +
			"  kn-coldstart report -o benchfmt results/RUN.jsonl | benchstat -col /runtimeClass -\n" +
			"  kn-coldstart report -o prometheus results/RUN.jsonl | curl -T - http://localhost:9091/metrics/job/kn-coldstart\n" +
			"  kn-coldstart report --otlp-endpoint http://localhost:4318 results/RUN.jsonl",
		Args: someRuns,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args) },
	}
	output.Register(cmd.Flags(), &f.output, output.Report)
	cmd.Flags().BoolVar(&f.published, "published", false, "also show published figures of the classes of a work, in text, wide, json and markdown")
	cmd.Flags().StringVar(&f.handlers, "handlers", "", "file with what the classes' handlers cost to have, to show as well in text, wide, json, markdown and html")
	f.metric.register(cmd.Flags())
	f.otlp.register(cmd.Flags())
	return cmd
}

// Formats that show what is not in the run files.
var (
	publishedFormats = []string{"text", "wide", "json", "markdown"}
	handlersFormats  = []string{"text", "wide", "json", "markdown", "html"}
)

// completedRuns are runs to whose summary what is not in their files is added.
type completedRuns struct {
	runfile.Set
	published bool
	handlers  []handler.Cost
}

// errHandlers is a file of handlers that says nothing about the runs.
var errHandlers = errors.New("--handlers")

// Complete implements output.Runs.
func (r completedRuns) Complete(s *analysis.Summary) error {
	if r.published {
		s.AddPublished()
	}
	if r.handlers == nil {
		return nil
	}
	if err := s.AddHandlers(r.handlers); err != nil {
		return fmt.Errorf("%w: %w", errHandlers, err)
	}
	return nil
}

// complete reads what is to be added to the runs.
func (f *reportFlags) complete(files runfile.Set) (completedRuns, error) {
	runs := completedRuns{Set: files, published: f.published}
	if f.published && !slices.Contains(publishedFormats, f.output) {
		return runs, fmt.Errorf("--published is for --output %s", strings.Join(publishedFormats, ", "))
	}
	if f.handlers == "" {
		return runs, nil
	}
	if !slices.Contains(handlersFormats, f.output) {
		return runs, fmt.Errorf("--handlers is for --output %s", strings.Join(handlersFormats, ", "))
	}
	file, err := os.Open(f.handlers)
	if err != nil {
		return runs, fmt.Errorf("--handlers: %w", err)
	}
	defer file.Close()
	if runs.handlers, err = handler.Read(file); err != nil {
		return runs, withHint(fmt.Errorf("--handlers %s: %w", f.handlers, err), "write it with 'kn-coldstart cluster handlers -o json > FILE'")
	}
	return runs, nil
}

func (f *reportFlags) run(ctx context.Context, args []string) error {
	format, err := output.Report.Find(f.output)
	if err != nil {
		return usage(err)
	}
	files, err := runfile.Find(args...)
	if err != nil {
		return usage(err)
	}
	if err := f.otlp.prepare(files); err != nil {
		return usage(err)
	}
	labels, err := f.metric.parse(f.output, f.otlp.send)
	if err != nil {
		return usage(err)
	}
	runs, err := f.complete(files)
	if err != nil {
		return usage(err)
	}
	labelled := output.Labelled{Of: runs, Labels: labels}
	metrics, err := f.otlp.metrics(labelled)
	if err == nil {
		err = format.Write(os.Stdout, labelled)
	}
	if err != nil {
		return reportError(err)
	}
	return f.otlp.deliver(ctx, metrics)
}

// reportError tells arguments that are wrong from a failure to write.
func reportError(err error) error {
	var unreadable *runfile.Error
	var none *output.MetricsError
	switch {
	case errors.Is(err, pool.ErrDifferent):
		return usage(withHint(err, "report them one by one; 'kn-coldstart compare' holds them against each other, and -o csv takes the samples of any runs"))
	case errors.Is(err, output.ErrWork), errors.As(err, &none), errors.Is(err, errHandlers), errors.Is(err, pool.ErrCopy), errors.As(err, &unreadable):
		return usage(err)
	}
	return err
}
