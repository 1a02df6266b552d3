package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/runfile"
)

type compareRuns func([]*record.Run, analysis.CompareOptions) (*analysis.Comparison, error)

// comparisons are the values of --by, each with the comparison within pooled runs
// that it stands for.
var comparisons = map[string]compareRuns{
	"runtimeClass": analysis.CompareClasses,
	"variant":      analysis.CompareVariants,
}

// compareFlags are the options of compare.
type compareFlags struct {
	by      string
	output  string
	options analysis.CompareOptions
}

func newCompare() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE NEW | compare --by runtimeClass|variant RUN...",
		Short: "Compare two runs, or the classes or sides of one",
		Long: "compare holds the latencies of two sides against each other. It shows the differences and ratios of\n" +
			"their medians, p95 and p99 with 95 % intervals, and tests whether the whole distributions differ.\n" +
			"A ~ means that no difference is shown. The chance of any false finding in the table is 5 % (Holm).\n\n" +
			"BASE and NEW are run files, or quoted patterns of files, whose samples are pooled. With --by all files\n" +
			"are pooled: --by runtimeClass compares every class with the first one, and --by variant compares side b\n" +
			"of 'kn-coldstart ab' with side a.\n\n" +
			"Loads are compared load by load: all of one side must lie beside those of the other, of at least six on each side\n" +
			"(seven where more than two pairs are compared).\n\n" +
			"Services that 'kn-coldstart scale --deploy-rounds' deployed are compared round by round, or run by run where a\n" +
			"side has several runs: it takes two on each side.\n\n" +
			"compare describes, and its exit code is 0 whatever it finds. 'kn-coldstart gate' gives a verdict, from\n" +
			"several runs on each side.",
		Example: "  kn-coldstart compare results/before.jsonl results/after.jsonl\n" +
			"  kn-coldstart compare 'results/before-*.jsonl' 'results/after-*.jsonl' --phases\n" +
			"  kn-coldstart compare --by runtimeClass results/RUN.jsonl --published -o markdown",
		Args: someRuns,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.by, "by", "", "compare within the pooled runs, by runtimeClass or by variant (the sides of ab)")
	flags.BoolVar(&f.options.Phases, "phases", false, "also compare the steps of the cold start")
	flags.BoolVar(&f.options.Published, "published", false, "also show published figures of the classes")
	output.Register(flags, &f.output, output.Comparison)
	return cmd
}

func (f *compareFlags) run(args []string) error {
	format, err := output.Comparison.Find(f.output)
	if err != nil {
		return usage(err)
	}
	compare, err := f.comparison(args)
	if err != nil {
		return usage(err)
	}
	c, err := compare()
	if errors.Is(err, analysis.ErrNothingToCompare) {
		return usage(withHint(err, "'kn-coldstart report' shows what each run has"))
	}
	if errors.Is(err, pool.ErrDifferent) {
		return usage(withHint(err, "compare them run by run, or give runs of one cluster, image and set of settings"))
	}
	if err != nil {
		return err
	}
	return format.Write(os.Stdout, c)
}

// comparison reads the run files and returns what compares them. All its errors are
// about the command line.
func (f *compareFlags) comparison(args []string) (func() (*analysis.Comparison, error), error) {
	if f.by == "" {
		return f.twoSides(args)
	}
	compare := comparisons[f.by]
	if compare == nil {
		return nil, fmt.Errorf("unknown --by %q: there are runtimeClass and variant", f.by)
	}
	files, err := runfile.Find(args...)
	if err != nil {
		return nil, err
	}
	sets, err := runfile.ReadDistinct(files)
	if err != nil {
		return nil, err
	}
	return func() (*analysis.Comparison, error) { return compare(sets[0], f.options) }, nil
}

func (f *compareFlags) twoSides(args []string) (func() (*analysis.Comparison, error), error) {
	if len(args) != 2 {
		return nil, withHint(fmt.Errorf("compare takes two arguments, BASE and NEW, not %d", len(args)),
			"quote a pattern to give several files for a side, as in 'results/before-*.jsonl'; --by runtimeClass compares the classes of any number of runs")
	}
	base, new, err := readSides(args)
	if err != nil {
		return nil, err
	}
	return func() (*analysis.Comparison, error) {
		c, err := analysis.Compare(base, new, f.options)
		if err == nil {
			c.Warnings = append(c.Warnings, otherConditions(base, new)...)
		}
		return c, err
	}, nil
}

// readSides reads BASE and NEW. They may be the same files: comparing a run with
// itself shows no difference, and harms nobody.
func readSides(args []string) (base, new []*record.Run, err error) {
	var sides [2][]*record.Run
	for i, argument := range args {
		files, err := runfile.Find(argument)
		if err != nil {
			return nil, nil, err
		}
		sets, err := runfile.ReadDistinct(files)
		if err != nil {
			return nil, nil, err
		}
		sides[i] = sets[0]
	}
	return sides[0], sides[1], nil
}

// otherConditions are the properties in which new runs differ from the first run of
// the base: a difference in latency may be due to them.
func otherConditions(base, new []*record.Run) []analysis.Warning {
	var list []analysis.Warning
	for _, message := range pool.NotCompared(pool.Headers(base[:1], new)...) {
		list = append(list, analysis.Warning{Code: analysis.DifferentRuns, Message: message})
	}
	for _, r := range new {
		for _, m := range pool.Mismatches(base[0].Header, r.Header) {
			w := analysis.Warning{Code: analysis.DifferentRuns, Message: "other conditions: " + m.String()}
			if !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}
