// Command kn-coldstart measures cold starts of Knative Services, per
// RuntimeClass. Installed on the PATH it is also `kn coldstart`.
//
// One file per command: flags to library options, call, print. ui.go is the only
// file that writes for people.
package main

import (
	"context"
	"errors"
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
	context.AfterFunc(ctx, func() {
		stop()
		sayInterrupted()
	})
	err := newRoot().ExecuteContext(ctx)
	if err != nil {
		printError(err)
	}
	return exitCode(ctx, err)
}

// Exit codes, those of the gate included, are part of the command line.
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

func exitCode(ctx context.Context, err error) int {
	var bad *usageError
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &bad):
		return exitUsage
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
			"  kn-coldstart report results/*.jsonl\n" +
			"  kn-coldstart cluster down",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(newSingle(), newReport(), newDoctor(), newClean(), newCluster(), newVersion())
	return root
}

// noArgs rejects arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error { return usage(cobra.NoArgs(cmd, args)) }
