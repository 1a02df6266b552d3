package main

import (
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
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Show what run files say; the samples of several files are pooled",
		Long: "report shows what run files say. The samples of several files are pooled if the runs measured the same\n" +
			"thing: on the same cluster, with the same settings and images. Others are refused, and so is a copy of a\n" +
			"run, because a pool of them shows what none of them does.",
		Example: "  kn-coldstart report results/*.jsonl\n  kn-coldstart report -o csv results/RUN.jsonl > samples.csv\n" +
			"  kn-coldstart report -o html results/RUN.jsonl > report.html\n" +
			"  kn-coldstart report -o benchfmt results/RUN.jsonl | benchstat -col /runtimeClass -",
		Args: someRuns,
		RunE: func(_ *cobra.Command, args []string) error { return runReport(format, published, args) },
	}
	output.Register(cmd.Flags(), &format, output.Report)
	cmd.Flags().BoolVar(&published, "published", false, "also show published figures of the classes of a work, in text, wide, json and markdown")
	return cmd
}

// publishedFormats are those that show published figures.
var publishedFormats = []string{"text", "wide", "json", "markdown"}

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

func runReport(format string, published bool, args []string) error {
	f, err := output.Report.Find(format)
	if err != nil {
		return usage(err)
	}
	files, err := runfile.Find(args...)
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
	err = f.Write(os.Stdout, runs)
	var unreadable *runfile.Error
	switch {
	case errors.Is(err, pool.ErrDifferent):
		return usage(withHint(err, "report them one by one; 'kn-coldstart compare' holds them against each other, and -o csv takes the samples of any runs"))
	case errors.Is(err, output.ErrWork), errors.Is(err, pool.ErrCopy), errors.As(err, &unreadable):
		return usage(err) // an argument is wrong; any other error is a failure to write
	}
	return err
}
