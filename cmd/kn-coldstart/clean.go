package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// cleanFlags are the options of clean.
type cleanFlags struct {
	clusterFlags
	run     string
	allRuns bool
	all     bool
}

func newClean() *cobra.Command {
	var f cleanFlags
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove what killed runs left in the cluster",
		Long: "clean lists the runs whose services, pods or changes of Knative's tracing are in the cluster. What belongs\n" +
			"to no run that is under way it removes: it puts Knative's setting back, deletes the services, and waits until\n" +
			"their pods are gone. It touches nothing that kn-coldstart did not make.\n\n" +
			"A run that is under way renews a lease in the namespace of its services. One that was killed counts as under\n" +
			"way for a minute more: name it with --run, or wait. One --in-cluster that has ended is left alone for 24\n" +
			"hours, because its run file may be in the log of its pod only: attach to it, or name it with --run. After that, or\n" +
			"at once if it has no pod, its job, service account and roles are removed.",
		Example: "  kn-coldstart clean\n  kn-coldstart clean -n bench --run 20261121-104501-a1b2c3\n  kn-coldstart clean --all-namespaces\n" +
			"  kn-coldstart clean -n bench --all-runs",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.clean(cmd.Context()) },
	}
	flags := cmd.Flags()
	f.register(flags)
	flags.StringVar(&f.run, "run", "", "remove only what the run of this ID left, even if it is under way (20261121-104501-a1b2c3)")
	flags.BoolVar(&f.allRuns, "all-runs", false, "remove runs that are under way, too, and those that can be attached, whoever runs them")
	flags.BoolVarP(&f.all, "all-namespaces", "A", false, "remove from all namespaces")
	return cmd
}

// contradiction says what is wrong with the options of clean itself.
func (f *cleanFlags) contradiction() error {
	switch {
	case f.all && f.Namespace != "":
		return errors.New("--all-namespaces and --namespace contradict each other")
	case f.allRuns && f.run != "":
		return errors.New("--all-runs and --run contradict each other")
	case f.run != "":
		return ksvc.ValidateRun(f.run)
	}
	return nil
}

func (f *cleanFlags) clean(ctx context.Context) error {
	if err := f.contradiction(); err != nil {
		return usage(err)
	}
	cluster, err := f.connect()
	if err != nil {
		return err
	}
	client := cluster.Client()
	sayChecking(client.Server)
	if err := client.Reach(ctx); err != nil {
		return fmt.Errorf("look for what runs have left: %w", err)
	}
	return f.remove(ctx, client)
}

// remove removes what of both kinds can be removed, even if something of the first cannot.
func (f *cleanFlags) remove(ctx context.Context, client *ksvc.Client) error {
	return errors.Join(f.cleanPods(ctx, client), f.cleanServices(ctx, client))
}

// cleanServices removes what runs have left that is no pod of their own.
func (f *cleanFlags) cleanServices(ctx context.Context, client *ksvc.Client) error {
	found, err := client.Left(ctx, f.all)
	if err != nil {
		return err
	}
	for _, l := range found {
		sayLeft(l, f.takes(l))
	}
	taken := slices.DeleteFunc(found, func(l ksvc.Left) bool { return !f.takes(l) })
	done, err := client.Clean(ctx, taken, ksvc.DeleteOptions{AllNamespaces: f.all, Progress: newProgress("removing").update})
	printCleaned(done)
	return err
}

// removeLeft removes what a run has left of which it is known that it has ended.
func removeLeft(ctx context.Context, client *ksvc.Client, run string) error {
	sayStep("removing what run %s has left", run)
	found, err := client.Left(ctx, false)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(l ksvc.Left) bool { return l.Run != run })
	_, err = client.Clean(ctx, found, ksvc.DeleteOptions{Progress: newProgress("removing").update})
	return err
}

// takes says whether the run is to be removed.
func (f *cleanFlags) takes(l ksvc.Left) bool {
	if f.run != "" {
		return l.Run == f.run
	}
	return f.allRuns || l.Liveness != ksvc.Alive
}
