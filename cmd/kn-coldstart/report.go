package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// formats are the renderers of report, by the name that -o takes.
var formats = map[string]func(io.Writer, ...*record.Run) error{
	"text":                  ofSummary(textWithPhases),
	"json":                  ofSummary(report.JSON),
	"markdown":              ofSummary(report.Markdown),
	"csv":                   report.CSV,
	"benchfmt":              report.Benchfmt,
	"hlog":                  report.HDRLog,
	"customSmallerIsBetter": ofSummary(report.SmallerIsBetter),
}

func ofSummary(draw func(io.Writer, *analysis.Summary) error) func(io.Writer, ...*record.Run) error {
	return func(w io.Writer, runs ...*record.Run) error { return draw(w, analysis.Summarise(runs...)) }
}

func textWithPhases(w io.Writer, s *analysis.Summary) error {
	for _, draw := range []func(io.Writer, *analysis.Summary) error{report.Text, report.Phases, report.Spans, report.Timeline} {
		if err := draw(w, s); err != nil {
			return err
		}
	}
	return nil
}

func newReport() *cobra.Command {
	var output string
	known := strings.Join(slices.Sorted(maps.Keys(formats)), ", ")
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Show what run files say; several are pooled",
		Example: "  kn-coldstart report results/*.jsonl\n  kn-coldstart report -o csv results/RUN.jsonl > samples.csv\n" +
			"  kn-coldstart report -o benchfmt results/RUN.jsonl | benchstat -col /runtimeClass -",
		Args: func(cmd *cobra.Command, args []string) error { return usage(cobra.MinimumNArgs(1)(cmd, args)) },
		RunE: func(_ *cobra.Command, args []string) error {
			draw := formats[output]
			if draw == nil {
				return usage(fmt.Errorf("unknown --output %q: use one of %s", output, known))
			}
			runs, err := readRuns(args)
			if err != nil {
				return err
			}
			return draw(os.Stdout, runs...)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "one of "+known)
	return cmd
}

func readRuns(paths []string) ([]*record.Run, error) {
	var runs []*record.Run
	for _, path := range paths {
		run, err := record.ReadFile(path)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}
