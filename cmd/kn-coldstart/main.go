// Command kn-coldstart measures cold starts of Knative Services, per
// RuntimeClass. Installed on the PATH it is also `kn coldstart`, and under the name
// kubectl-coldstart `kubectl coldstart`.
//
// There is one file for each command: it turns flags into options, calls the library and
// prints the result. Results are drawn by the formats of package output; everything else
// that people read is written by ui.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

func main() { os.Exit(run()) }

// run is main with an exit code, for tests.
func run() int {
	log.SetFlags(0)
	log.SetOutput(logged{})
	ksvc.LogTo(logged{})
	ctx, stop := handleSignals(context.Background(), sayInterrupted, leaveAtOnce)
	defer stop()
	command, err := newRoot().ExecuteContextC(ctx)
	if err != nil {
		printError(err, command.CommandPath())
		sayOrigin(err)
	}
	return exitCode(ctx, err)
}

// leaveAtOnce is for who does not want to wait any longer.
func leaveAtOnce() {
	stderr.abandon()
	os.Exit(exitInterrupted)
}

// The exit codes are part of the command line. Those from 3 to 5 are the gate's, see
// gate.ExitFail.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError is a command line or a file of settings that makes no sense.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// hintedError is an error with a hint that says what to do.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// Hint is what ksvc.Hint looks for.
func (e *hintedError) Hint() string { return e.hint }

func withHint(err error, hint string) error { return &hintedError{err, hint} }

// verdictError ends a command whose verdict, which it has printed, is not a pass.
type verdictError struct{ code int }

func (e *verdictError) Error() string { return fmt.Sprintf("the verdict's exit code is %d", e.code) }

func exitCode(ctx context.Context, err error) int {
	var bad *usageError
	var verdict *verdictError
	var node *nodeError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &bad):
		return exitUsage
	case errors.As(err, &verdict):
		return verdict.code
	case errors.As(err, &node):
		return node.code
	}
	return exitFailed
}

func newRoot() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "kn-coldstart",
		Short: "Measure cold starts of Knative Services, per RuntimeClass",
		Long:  rootHelp,
		Example: "  kn-coldstart cluster up\n" +
			"  kn-coldstart single --runtime-class runc,crun,gvisor\n" +
			"  kn-coldstart scale --runtime-class runc --services 1,10,50\n" +
			"  kn-coldstart load --runtime-class runc --rate 10/s..200/s --ramp 60s\n" +
			"  kn-coldstart work --runtime-class runc,gvisor --native build/functions/work.tar\n" +
			"  kn-coldstart run -f scenario.yaml\n" +
			"  kn-coldstart report results/*.jsonl\n" +
			"  kn-coldstart gate results/*.jsonl --slo 'p(95)<2s'\n" +
			"  kn-coldstart history results/*.jsonl\n" +
			"  kn-coldstart ab --runtime-class runc --a image=registry.example/fn:main --b image=registry.example/fn:pr\n" +
			"  kn-coldstart cluster down",
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: begin,
		Version:           versionText(tool()),
	})
	root.SetVersionTemplate(ownName + " {{.Version}}\n")
	registerGlobal(root.PersistentFlags())
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: calledAs(os.Args[0])}
	root.SetHelpCommand(newHelp(root))
	root.SetFlagErrorFunc(unknownFlag)
	root.AddCommand(newSingle(), newScale(), newLoad(), newWork(), newAB(), newRun(), newInit(), newReport(), newCompare(), newGate(), newHistory(), newDashboard(), newDoctor(), newRBAC(), newCronJob(), newAttach(), newClean(), newCluster(), newLivePage(), newWorker(), newVersion())
	addCompletion(root)
	speakAs(root, root.CommandPath())
	return root
}

// suggestionDistance is in how many letters a name may differ from the one that was meant.
const suggestionDistance = 2

// newHelp makes the help command. Unlike cobra's own it refuses a command that does not
// exist.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show the help of a command", Example: "  kn-coldstart help single",
		ValidArgsFunction: commands,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				return usage(err)
			}
			if cmd.HasSubCommands() {
				if err := cmd.ValidateArgs(rest); err != nil {
					return err
				}
			}
			return cmd.Help()
		},
	}
}

// group makes a command that holds others: it prints its help if none of them is named,
// and refuses one that it does not have.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.DisableFlagsInUseLine = true
	cmd.SuggestionsMinimumDistance = suggestionDistance
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		hint := "see '" + cmd.CommandPath() + " --help'"
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), near[0])
		}
		return usage(withHint(fmt.Errorf("unknown command %q for %s", args[0], cmd.CommandPath()), hint))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// someRuns asks for run files.
func someRuns(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(fmt.Errorf("%s takes at least one run file", cmd.Name()))
	}
	return nil
}

// noArgs rejects arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error { return usage(cobra.NoArgs(cmd, args)) }
