package main

import (
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
			"  kn-coldstart report -o benchfmt results/RUN.jsonl | benchstat -col /runtimeClass -",
		Args: someRuns,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	output.Register(cmd.Flags(), &f.output, output.Report)
	cmd.Flags().BoolVar(&f.published, "published", false, "also show published figures of the classes of a work, in text, json and markdown")
	cmd.Flags().StringVar(&f.handlers, "handlers", "", "file with what the classes' handlers cost to have, to show as well in text, json, markdown and html")
	return cmd
}

// Formats that show what is not in the run files.
var (
	publishedFormats = []string{"text", "json", "markdown"}
	handlersFormats  = []string{"text", "json", "markdown", "html"}
)

// completed are runs to whose summary what is not in their files is added.
type completed struct {
	runfile.Set
	published bool
	handlers  []handler.Cost
}

// errHandlers is a file of handlers that says nothing about the runs.
var errHandlers = errors.New("--handlers")

// Complete implements output.Runs.
func (r completed) Complete(s *analysis.Summary) error {
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
func (f *reportFlags) complete(files runfile.Set) (completed, error) {
	runs := completed{Set: files, published: f.published}
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

func (f *reportFlags) run(args []string) error {
	format, err := output.Report.Find(f.output)
	if err != nil {
		return usage(err)
	}
	files, err := runfile.Find(args...)
	if err != nil {
		return usage(err)
	}
	runs, err := f.complete(files)
	if err != nil {
		return usage(err)
	}
	err = format.Write(os.Stdout, runs)
	var unreadable *runfile.Error
	switch {
	case errors.Is(err, pool.ErrDifferent):
		return usage(withHint(err, "report them one by one; 'kn-coldstart compare' holds them against each other, and -o csv takes the samples of any runs"))
	case errors.Is(err, output.ErrWork), errors.Is(err, errHandlers), errors.Is(err, pool.ErrCopy), errors.As(err, &unreadable):
		return usage(err) // an argument is wrong; any other error is a failure to write
	}
	return err
}
