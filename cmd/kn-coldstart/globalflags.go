package main

import (
	"cmp"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// registerGlobal registers the flags of every command. What was said already stays so, for
// commands that make themselves anew to read a command line.
func registerGlobal(flags *pflag.FlagSet) {
	flags.BoolVarP(&voice.quiet, "quiet", "q", voice.quiet, "say nothing but results and errors")
	flags.BoolVarP(&voice.verbose, "verbose", "v", voice.verbose, "also say what is asked of the cluster, what is asked again, and what the environment sets")
	voice.colour = cmp.Or(voice.colour, colourAuto)
	flags.Var(&voice.colour, "color", "whether there is colour: auto (on a terminal, unless NO_COLOR is set), always or never")
}

// begin is what comes before every command, when its flags are read.
func begin(cmd *cobra.Command, _ []string) error {
	if completes(cmd) {
		return nil // it says nothing of its own
	}
	err := readEnvironment(cmd.Flags())
	sayObjects(cmd.Flags())
	sayEnvironment()
	if err != nil {
		return usage(err)
	}
	if voice.quiet && voice.verbose {
		return usage(errors.New("--quiet and --verbose contradict each other"))
	}
	for _, unknown := range unknownVariables(cmd.Root()) {
		sayUnknownVariable(unknown)
	}
	if voice.verbose {
		ksvc.Tell(func(line string) { say("%s", line) })
	}
	return nil
}

// completes says that a shell asks for completions.
func completes(cmd *cobra.Command) bool {
	return strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd)
}

// unknownFlag is what is wrong with the flags of a command. For a flag that it does not have
// it knows the one that was meant.
func unknownFlag(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return usage(err)
	}
	if near := nearest(missing.GetSpecifiedName(), flagNames(cmd.Flags())); near != "" {
		err = withHint(err, "did you mean '--"+near+"'?")
	}
	return usage(err)
}

func flagNames(flags *pflag.FlagSet) []string {
	var all []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all = append(all, f.Name)
		}
	})
	return all
}

// nearest is the name that was meant by one that there is not, or "". It is what cobra
// suggests for commands.
func nearest(name string, known []string) string {
	commands := &cobra.Command{SuggestionsMinimumDistance: suggestionDistance}
	for _, k := range known {
		commands.AddCommand(&cobra.Command{Use: k, Run: func(*cobra.Command, []string) {}})
	}
	if near := commands.SuggestionsFor(name); name != "" && len(near) > 0 {
		return near[0]
	}
	return ""
}
