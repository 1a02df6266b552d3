package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// completionLimit is how long somebody who presses Tab waits for a cluster.
const completionLimit = time.Second

// namesOf asks a cluster for names.
type namesOf func(*ksvc.Client, context.Context) ([]string, error)

// fromCluster completes with what the cluster says and what there is everywhere. A cluster
// that does not answer in time has nothing to say, and no error disturbs the command line.
func fromCluster(names namesOf, everywhere ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionLimit)
		defer cancel()
		target := namedCluster(cmd)
		// What a kubeconfig has run to sign in takes no context.
		found, _ := ksvc.Ask(ctx, func() ([]string, error) {
			client, err := target.connect()
			if err != nil {
				return nil, err
			}
			return names(client.Client(), ctx)
		})
		return append(found, everywhere...), cobra.ShellCompDirectiveNoFileComp
	}
}

// contexts are those of the kubeconfig.
func contexts(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	target := namedCluster(cmd)
	found, _ := target.Contexts() // without a kubeconfig there are none
	return found, cobra.ShellCompDirectiveNoFileComp
}

// namedCluster is the cluster that the command line names so far. From here on nothing is
// said: it would stand in the middle of somebody's command line.
func namedCluster(cmd *cobra.Command) *clusterFlags {
	voice.quiet = true
	flags := cmd.Flags()
	_ = readEnvironment(flags) // the command itself will say what is wrong
	value := func(name string) string {
		if f := flags.Lookup(name); f != nil {
			return f.Value.String()
		}
		return ""
	}
	return &clusterFlags{Kubeconfig: ksvc.Kubeconfig{Path: value("kubeconfig"), Context: value("context"), Namespace: value("namespace")}}
}

// runFolder is where runs write their files unless they are told otherwise.
const runFolder = "results"

// runFiles are those in the folder of runs, the latest first. Once none of them fits, they
// are any files of their kind.
func runFiles(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	found, _ := filepath.Glob(filepath.Join(runFolder, "*.jsonl")) // the pattern is sound
	found = slices.DeleteFunc(found, func(path string) bool {
		return slices.Contains(args, path) || !strings.HasPrefix(path, toComplete)
	})
	if len(found) == 0 {
		return []cobra.Completion{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt
	}
	slices.Sort(found) // their names begin with the time
	slices.Reverse(found)
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
