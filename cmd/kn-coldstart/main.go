// Command kn-coldstart measures cold starts of Knative Services, per
// RuntimeClass. Installed on the PATH it is also `kn coldstart`.
//
// One file per command: flags to library options, call, print. ui.go is the only
// file that writes for people.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

// run is main with an exit code, for tests.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal ends the run in order, a second one the program.
	quiet := context.AfterFunc(ctx, func() {
		stop()
		sayInterrupted()
	})
	defer quiet() // stop ends the context too, and nobody interrupted
	command, err := newRoot().ExecuteContextC(ctx)
	if err != nil {
		printError(err, command.CommandPath())
	}
	return exitCode(ctx, err)
}

// Exit codes are part of the command line. Those from 3 to 5 are the gate's: see
// gate.ExitFail and its neighbours.
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

// hintedError knows what to do about it.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// Hint is found by ksvc.Hint.
func (e *hintedError) Hint() string { return e.hint }

func withHint(err error, hint string) error { return &hintedError{err, hint} }

// verdictError ends a command that answered, has said so, and did not say yes.
type verdictError struct{ code int }

func (e *verdictError) Error() string { return fmt.Sprintf("the verdict's exit code is %d", e.code) }

func exitCode(ctx context.Context, err error) int {
	var bad *usageError
	var verdict *verdictError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &bad):
		return exitUsage
	case errors.As(err, &verdict):
		return verdict.code
	}
	return exitFailed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "kn-coldstart",
		Short: "Measure cold starts of Knative Services, per RuntimeClass",
		Long: "kn-coldstart measures how long a cold start takes on this cluster, on each container runtime.\n" +
			"Every sample is proven cold, every failure is kept, and everything created is removed.",
		Example: "  kn-coldstart cluster up\n" +
			"  kn-coldstart single --runtime-class runc,crun,gvisor\n" +
			"  kn-coldstart scale --runtime-class runc --services 1,10,50\n" +
			"  kn-coldstart report results/*.jsonl\n" +
			"  kn-coldstart gate results/*.jsonl --slo 'p(95)<2s'\n" +
			"  kn-coldstart ab --runtime-class runc --a image=registry.example/fn:main --b image=registry.example/fn:pr\n" +
			"  kn-coldstart cluster down",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(newSingle(), newScale(), newAB(), newReport(), newCompare(), newGate(), newDoctor(), newClean(), newCluster(), newVersion())
	return root
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
