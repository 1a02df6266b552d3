package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// attachFlags are the options of attach.
type attachFlags struct {
	clusterFlags
	runFile  string
	progress progressFlags
	output   outputFlags
}

const attachProgressHelp = `how to tell on standard error how the run goes:
  auto, plain  what the run says (default)
  json         one JSON object a line: messages, and progress if the run was begun with --progress json
  none         nothing but warnings, errors and hints`

func newAttach() *cobra.Command {
	f := &attachFlags{}
	cmd := &cobra.Command{
		Use:   "attach [RUN]",
		Short: "Follow a run that takes place in a pod of the cluster",
		Long: "attach follows a run that was begun with --in-cluster and whose command is gone: it was killed, its terminal was\n" +
			"closed, or its computer was away. It writes the whole run file, or the rest of one that was begun, prints how the\n" +
			"run goes and what came of it, and removes its pod and all that belongs to it once the run file is whole. A run that\n" +
			"has ended already can be attached for a day. Of one whose pod died it says so, and removes what it left. Ctrl-C ends\n" +
			"the run.\n\n" +
			"Without a RUN it lists those that there are.",
		Example: "  kn-coldstart attach\n  kn-coldstart attach -n bench 20261121-104501-a1b2c3\n" +
			"  kn-coldstart attach -n bench 20261121-104501-a1b2c3 --run-file nightly.jsonl -o json",
		Args:              func(cmd *cobra.Command, args []string) error { return usage(cobra.MaximumNArgs(1)(cmd, args)) },
		ValidArgsFunction: f.complete,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	f.register(flags)
	f.output.register(flags)
	f.progress.register(flags)
	flags.Lookup("progress").Usage = attachProgressHelp
	flags.StringVar(&f.runFile, "run-file", "", "file for the record of the run, - for standard output where that is free (default results/RUN.jsonl)")
	return cmd
}

func (f *attachFlags) run(ctx context.Context, args []string) error {
	if err := errors.Join(f.output.validate(f.runFile), f.progress.use(f.runFile)); err != nil {
		return usage(err)
	}
	target, err := f.connect()
	if err != nil {
		return err
	}
	client := target.Client()
	sayChecking(client.Server)
	if err := client.Reach(ctx); err != nil {
		return err
	}
	if len(args) == 0 {
		return listRuns(ctx, client)
	}
	job, err := incluster.Find(ctx, client, args[0])
	if errors.Is(err, incluster.ErrNoRun) {
		return usage(withHint(err, "'kn-coldstart attach -n NAMESPACE' lists those that there are"))
	}
	if err != nil {
		return err
	}
	run, err := openPodRun(client, job, f.runFile, sayStep)
	if err != nil {
		return err
	}
	path, err := run.follow(ctx)
	return errors.Join(err, f.output.print(path))
}

func listRuns(ctx context.Context, client *ksvc.Client) error {
	jobs, err := incluster.List(ctx, client, false)
	if err != nil {
		return err
	}
	printRuns(client.Namespace, slices.DeleteFunc(jobs, func(j incluster.Job) bool { return j.Gone }))
	return nil
}

// complete completes the id of a run.
func (f *attachFlags) complete(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	target, err := f.connect()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionLimit)
	defer cancel()
	jobs, _ := incluster.List(ctx, target.Client(), false) // nobody reads an error here
	var runs []cobra.Completion
	for _, j := range jobs {
		if !j.Gone {
			runs = append(runs, cobra.CompletionWithDesc(j.Run, j.Command+", "+string(j.State)))
		}
	}
	return runs, cobra.ShellCompDirectiveNoFileComp
}
