package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/cost"
	"github.com/kn-coldstart/kn-coldstart/cmd/knative-node/node"
)

func newHandlers(l *node.Layout) *cobra.Command {
	var output string
	var starts []int
	cmd := &cobra.Command{
		Use:   "handlers [NAME]...",
		Short: "Measure what container runtimes cost to have, side by side",
		Long: "Measure what the node's container runtimes cost to have, or those of these names, below\n" +
			"Kubernetes: the size of their files, with and without the shared libraries that they need;\n" +
			"what they need of the machine; the processes and the memory of an idle instance (its shim,\n" +
			"and a sentry, a gofer or a monitor if it has them); and how long it takes to start and to\n" +
			"stop instances, one after another and all at once.\n\n" +
			"An instance is one container with a small program that waits, in a network namespace of its\n" +
			"own without a network. A start lasts from asking containerd for it until its program runs,\n" +
			"and a stop from killing it until containerd has nothing of it any more. Memory is the sum of\n" +
			"the proportional set sizes: a page that several processes share counts once. Instances that\n" +
			"would not fit into memory are not tried.\n\n" +
			"Everything that is started is removed, also on Ctrl-C. Pods that run are not touched, but\n" +
			"they share the machine: measure while nothing else runs.",
		Example: "  kn-coldstart cluster handlers\n  kn-coldstart cluster handlers runc crun --starts 1,10,100,500\n" +
			"  kn-coldstart cluster handlers -o json",
		Args: checkArgs(func(cmd *cobra.Command, args []string) error {
			switch {
			case output != "text" && output != "json":
				return fmt.Errorf("unknown output %q: use text or json", output)
			case len(starts) == 0 || slices.Min(starts) < 1:
				return errors.New("--starts wants numbers of instances such as 1,10,50")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, names []string) error {
			p := newProgress()
			found, err := node.HandlerCosts(cmd.Context(), *l, node.CostOptions{
				Names: names, Counts: distinct(starts), OnWait: printWait, OnProgress: p.does,
			})
			if err != nil {
				return fmt.Errorf("measure the handlers: %w", err)
			}
			if output == "json" {
				err = printJSON(found)
			} else {
				err = printCosts(found)
			}
			return errors.Join(err, failuresOf(found))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "output format: text or json")
	cmd.Flags().IntSliceVar(&starts, "starts", []int{1, 10, 50}, "how many instances to start, in turn and at once")
	return cmd
}

// distinct are the numbers in ascending order, each once: the table has a row for each.
func distinct(numbers []int) []int {
	return slices.Compact(slices.Sorted(slices.Values(numbers)))
}

// failuresOf is an error if a handler did not start all that was asked for.
func failuresOf(found []cost.Handler) error {
	var errs []error
	note := func(h cost.Handler, did, failure string) {
		if failure != "" {
			errs = append(errs, fmt.Errorf("handler %s, %s: %s", h.Name, did, failure))
		}
	}
	for _, h := range found {
		note(h, "one instance", h.Error)
		note(h, "in turn", h.InTurn.Error)
		for _, starts := range h.AtOnce {
			note(h, fmt.Sprintf("%d at once", starts.Count), starts.Error)
		}
	}
	return errors.Join(errs...)
}

// median is the lower median, and 0 of nothing.
func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(all))[(len(all)-1)/2]
}

// inTurn is how long the first count instances took, started and stopped one after another.
// It is false if there were not as many.
func inTurn(s cost.Starts, count int) (sum time.Duration, ok bool) {
	if len(s.Start) < count || len(s.Stop) < count {
		return 0, false
	}
	for i := range count {
		sum += s.Start[i] + s.Stop[i]
	}
	return sum, true
}
