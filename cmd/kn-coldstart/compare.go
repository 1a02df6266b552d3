package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// The values of --by. A run with two sides has cells of both, so that one way of
// comparing serves either.
const (
	byClass   = "runtimeClass"
	byVariant = "variant"
)

// compareFlags are the options of compare.
type compareFlags struct {
	by      string
	output  string
	options analysis.CompareOptions
}

func newCompare() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE NEW | compare --by runtimeClass RUN...",
		Short: "Compare two runs, or the classes of one",
		Long: "compare holds the latencies of two sides against each other: the differences and ratios of their\n" +
			"medians, p95 and p99 with 95 % intervals, and a test of their whole shape. A ~ stands where no difference\n" +
			"is shown. The chance of any false finding in the table is 5 % (Holm).\n\n" +
			"BASE and NEW are run files, or quoted patterns of files that are pooled. With --by runtimeClass the runs\n" +
			"are pooled, and every class is held against the first; --by variant does so with the sides of 'ab'.\n\n" +
			"compare describes and always exits with 0; 'kn-coldstart gate' judges, by runs.",
		Example: "  kn-coldstart compare results/before.jsonl results/after.jsonl\n" +
			"  kn-coldstart compare 'results/before-*.jsonl' 'results/after-*.jsonl' --phases\n" +
			"  kn-coldstart compare --by runtimeClass results/RUN.jsonl --published -o markdown",
		Args: someRuns,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.by, "by", "", "compare the classes, or the sides, of the pooled runs: runtimeClass or variant")
	flags.BoolVar(&f.options.Phases, "phases", false, "also compare the steps of the cold start")
	flags.BoolVar(&f.options.Published, "published", false, "also show published figures of the classes")
	flags.StringVarP(&f.output, "output", "o", "text", "text, json or markdown")
	return cmd
}

func (f *compareFlags) run(args []string) error {
	draw := map[string]func(io.Writer, *analysis.Comparison) error{
		"text": report.Comparison, "json": report.ComparisonJSON, "markdown": report.ComparisonMarkdown,
	}[f.output]
	if draw == nil {
		return usage(fmt.Errorf("unknown --output %q: use text, json or markdown", f.output))
	}
	sides, err := f.sides(args)
	if err != nil {
		return err
	}
	c, err := f.compare(sides)
	if errors.Is(err, analysis.ErrNothingToCompare) {
		return usage(withHint(err, "'kn-coldstart report' shows what each run has"))
	}
	if err != nil {
		return err
	}
	return draw(os.Stdout, c)
}

// sides are the files of the base and of the new runs, or of all when classes
// are compared.
func (f *compareFlags) sides(args []string) ([][]string, error) {
	if f.by != "" && f.by != byClass && f.by != byVariant {
		return nil, usage(fmt.Errorf("unknown --by %q: there are %s and %s", f.by, byClass, byVariant))
	}
	if f.by == "" && len(args) != 2 {
		return nil, usage(withHint(fmt.Errorf("compare takes two arguments, BASE and NEW, not %d", len(args)),
			"several files a side are a quoted pattern, 'results/before-*.jsonl'; --by runtimeClass compares the classes of any number of runs"))
	}
	if f.by != "" {
		paths, err := runFiles(args...)
		return [][]string{paths}, usage(err)
	}
	base, errBase := runFiles(args[0])
	new, errNew := runFiles(args[1])
	return [][]string{base, new}, usage(errors.Join(errBase, errNew))
}

func (f *compareFlags) compare(sides [][]string) (*analysis.Comparison, error) {
	base, err := readRuns(sides[0])
	if err == nil {
		err = distinct(base)
	}
	if err != nil {
		return nil, err
	}
	if f.by != "" {
		return analysis.CompareClasses(base, f.options)
	}
	new, err := readRuns(sides[1])
	if err == nil {
		err = distinct(new)
	}
	if err != nil {
		return nil, err
	}
	c, err := analysis.Compare(base, new, f.options)
	if err == nil {
		c.Warnings = append(c.Warnings, otherConditions(base, new)...)
	}
	return c, err
}

// otherConditions are the properties in which new runs differ from the first of
// the base: it may be they that a difference is due to.
func otherConditions(base, new []*record.Run) []analysis.Warning {
	var list []analysis.Warning
	for _, r := range new {
		for _, m := range gate.Mismatches(base[0].Header, r.Header) {
			w := analysis.Warning{Code: analysis.DifferentRuns, Message: "other conditions: " + m.String()}
			if !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}
