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
var formats = map[string]func(w io.Writer, paths []string) error{
	"text":                  ofSummary(textWithPhases),
	"json":                  ofSummary(report.JSON),
	"markdown":              ofSummary(report.Markdown),
	"csv":                   ofRuns(report.CSV),
	"benchfmt":              ofRuns(report.Benchfmt),
	"hlog":                  ofRuns(report.HDRLog),
	"html":                  ofRuns(report.HTML),
	"customSmallerIsBetter": ofSummary(report.SmallerIsBetter),
}

// summaryPercent has the garbage collector run when the heap has grown by half:
// what is kept of a million samples is 100 MiB of numbers, which it need not look
// through. GOGC overrules it.
const summaryPercent = 50

// ofSummary does without the samples, of which there may be more than fit into
// memory.
func ofSummary(draw func(io.Writer, *analysis.Summary) error) func(io.Writer, []string) error {
	return func(w io.Writer, paths []string) error {
		setCollector(summaryPercent)
		s, err := analysis.SummariseFiles(paths...)
		if err != nil {
			return notRunFile(err)
		}
		return draw(w, s)
	}
}

func ofRuns(draw func(io.Writer, ...*record.Run) error) func(io.Writer, []string) error {
	return func(w io.Writer, paths []string) error {
		runs, err := readRuns(paths)
		if err != nil {
			return err
		}
		return draw(w, runs...)
	}
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
			"  kn-coldstart report -o html results/RUN.jsonl > report.html\n" +
			"  kn-coldstart report -o benchfmt results/RUN.jsonl | benchstat -col /runtimeClass -",
		Args: someRuns,
		RunE: func(_ *cobra.Command, args []string) error {
			draw := formats[output]
			if draw == nil {
				return usage(fmt.Errorf("unknown --output %q: use one of %s", output, known))
			}
			paths, err := runFiles(args...)
			if err != nil {
				return usage(err)
			}
			return draw(os.Stdout, paths)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "one of "+known)
	return cmd
}
