package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/history"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/runfile"
)

// historyFlags are the options of history.
type historyFlags struct {
	percentile string
	expected   []string
	labels     []string
	output     string
}

func newHistory() *cobra.Command {
	var f historyFlags
	cmd := &cobra.Command{
		Use:   "history RUN...",
		Short: "Follow one percentile over many runs, and find where it changed",
		Long: "history shows one percentile of each class from run to run, in the order in which the runs began, and finds\n" +
			"the runs in front of which it changed for good: between which two runs, from what to what, and how sure that\n" +
			"is. An argument is a run file, a quoted pattern, or a folder, which stands for all *.jsonl files in it.\n\n" +
			"Only runs that measured the same thing stand in one series: on the same cluster, with the same settings and\n" +
			"image. --expected names what may change from run to run; unless you say otherwise this is the image's digest,\n" +
			"so that new builds of an image are followed. Runs that failed or were interrupted are shown apart and not used.\n\n" +
			"Of loads, the percentile is that of all requests, from when they were due. A load is one observation.\n\n" +
			"It takes 9 runs to find a change. Where nothing changed, history finds a change in 5 % of the series. It\n" +
			"describes, and its exit code is 0 whatever it finds; 'kn-coldstart gate' gives a verdict.",
		Example: "  kn-coldstart history results/*.jsonl\n" +
			"  kn-coldstart history results --percentile 95 -o html > history.html\n" +
			"  kn-coldstart history results/*.jsonl --expected image,imageDigest --label results/a.jsonl=4f2c1d0",
		Args: someRuns,
		RunE: func(_ *cobra.Command, args []string) error { return f.run(args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.percentile, "percentile", "50", "percentile that is followed")
	flags.StringSliceVar(&f.expected, "expected", []string{"imageDigest"}, "field of the run's header that may differ within a series; repeatable")
	flags.StringArrayVar(&f.labels, "label", nil, "what was measured, such as a commit, as RUN=TEXT with the run's file or name; repeatable")
	output.Register(flags, &f.output, output.History)
	return cmd
}

func (f *historyFlags) run(args []string) error {
	format, err := output.History.Find(f.output)
	if err != nil {
		return usage(err)
	}
	h, err := f.read(args)
	if err != nil {
		return usage(err)
	}
	return format.Write(os.Stdout, h)
}

// read reads the run files one by one: many do not fit into memory. All its errors are
// about the command line.
func (f *historyFlags) read(args []string) (*history.History, error) {
	q, err := gate.ParsePercentile(f.percentile)
	if err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	labels, err := f.parseLabels()
	if err != nil {
		return nil, err
	}
	b, err := history.New(history.Options{Quantile: q, Expected: f.expected})
	if err != nil {
		return nil, err
	}
	files, err := runfile.FindAll(args...)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, path := range files {
		run, err := record.ReadFile(path)
		if err != nil {
			return nil, &runfile.Error{Err: err}
		}
		for _, name := range []string{path, run.Header.RunID} {
			used[name] = true
		}
		label := labels[path]
		if label == "" {
			label = labels[run.Header.RunID]
		}
		b.Add(history.Source{File: path, Label: label, Run: run})
	}
	for name := range labels {
		if !used[name] {
			return nil, fmt.Errorf("--label %s=%s: no run that is read has this file or name", name, labels[name])
		}
	}
	return b.History()
}

// parseLabels are the labels by the file or name of the run. Neither has an equals sign
// at its end, and labels may have some.
func (f *historyFlags) parseLabels() (map[string]string, error) {
	labels := map[string]string{}
	for _, text := range f.labels {
		name, label, found := strings.Cut(text, "=")
		if !found || name == "" || label == "" {
			return nil, fmt.Errorf("--label %q: want RUN=TEXT", text)
		}
		if labels[name] != "" {
			return nil, fmt.Errorf("--label %q: run %s has a label already", text, name)
		}
		labels[name] = label
	}
	return labels, nil
}
