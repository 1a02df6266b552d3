package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/loadgen/experiment"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// addCompletion adds cobra's command that writes completions for shells, and what completes
// the values of flags and the arguments of commands.
func addCompletion(root *cobra.Command) {
	// Most arguments are no files.
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.InitDefaultCompletionCmd()
	everyCommand(root, func(cmd *cobra.Command) {
		if cmd.Parent() == root && cmd.Name() == "completion" {
			refineCompletion(cmd)
		}
		if complete := argumentCompletions[cmd.Name()]; complete != nil {
			cmd.ValidArgsFunction = complete
		}
		completeFlags(cmd, cmd.LocalFlags())
	})
}

// refineCompletion makes cobra's command one of ours: as with the other groups of commands,
// one that it does not have is a mistake on the command line.
func refineCompletion(cmd *cobra.Command) {
	group(cmd).Example = "  source <(kn-coldstart completion bash)"
	for _, shell := range cmd.Commands() {
		shell.Args = noArgs
		shell.Example = "  kn-coldstart completion " + shell.Name()
	}
}

func completeFlags(cmd *cobra.Command, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		complete := flagCompletions[f.Name]
		if f.Name == output.FlagName {
			complete = among(output.Names(f)...)
		}
		if complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // the flag is there
		}
	})
}

// argumentCompletions complete the arguments of commands, by the command's name.
var argumentCompletions = map[string]cobra.CompletionFunc{
	"report": runFiles, "compare": runFiles, "gate": runFiles, "history": runFiles,
	"load-image": files,
}

// flagCompletions complete the values of flags, by the flag's name. Flags of the same name
// take the same.
var flagCompletions = map[string]cobra.CompletionFunc{
	"runtime-class": listOf(fromCluster((*ksvc.Client).RuntimeClasses, templates.DefaultClass)),
	"namespace":     fromCluster((*ksvc.Client).Namespaces),
	existingFlag:    fromCluster((*ksvc.Client).Services),
	"context":       contexts,

	"slo":          among(gate.MetricExamples()...),
	"percentile":   listOf(among("50", "90", "95", "99")),
	"expected":     listOf(among("image", "imageDigest")),
	"inconclusive": among("pass", "fail"),
	"by":           among("runtimeClass", "variant"),
	"preset":       among("knative-study"),
	"programs":     listOf(among(experiment.WorkPrograms...)),
	"arrival":      among("burst", "uniform:", "poisson:"),
	"protocol":     among("http1", "http2", "grpc"),
	"scheme":       among("http", "https"),
	"method":       among("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"),
	"pull-policy":  among("Always", "IfNotPresent", "Never"),
	"color":        among(string(colourAuto), string(colourAlways), string(colourNever)),

	"baseline": runFiles,
	"run-file": files, "filename": files, "kubeconfig": files, "body": files, "ca-file": files,
	"hlog": files, "junit": files, "native": files, "a": files, "b": files, "handlers": files,
}

// among completes with the values that there are.
func among(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// files leaves it to the shell, which knows files.
func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// commands are those below the command that the arguments name.
func commands(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	if parent, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
		for _, child := range parent.Commands() {
			if child.IsAvailableCommand() {
				names = append(names, cobra.CompletionWithDesc(child.Name(), child.Short))
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// listOf completes the last one of values with commas between them.
func listOf(one cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
		at := strings.LastIndex(toComplete, ",") + 1
		values, directive := one(cmd, args, toComplete[at:])
		var lists []cobra.Completion
		for _, value := range values {
			lists = append(lists, toComplete[:at]+value)
		}
		return lists, directive
	}
}
