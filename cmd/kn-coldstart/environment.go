package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variablePrefix begins the names of all environment variables of this program.
const variablePrefix = "KN_COLDSTART_"

// testPrefix begins those that are for tests.
const testPrefix = variablePrefix + "E2E_"

// shellVariables are those that cobra's completions know.
var shellVariables = []string{variablePrefix + "ACTIVE_HELP", variablePrefix + "COMPLETION_DESCRIPTIONS"}

// variableOf is the environment variable that stands for a flag, or "" if none does.
func variableOf(f *pflag.Flag) string {
	if f.Hidden || f.Name == "help" || f.Name == "version" {
		return ""
	}
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// fromEnvironment are the variables that gave flags of the command, by the flag's name.
var fromEnvironment = map[string]string{}

// readEnvironment sets the flags that the command line does not give and the environment
// does.
func readEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		variable := variableOf(f)
		value := os.Getenv(variable)
		if variable == "" || value == "" || f.Changed {
			return
		}
		if err := setFlag(flags, f, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", variable, err))
			return
		}
		fromEnvironment[f.Name] = variable
	})
	for _, name := range slices.Sorted(maps.Keys(fromEnvironment)) {
		sayMore("--%s is set by %s", name, fromEnvironment[name])
	}
	return errors.Join(errs...)
}

// setFlag sets a flag to the value of a variable, which has one line for each value of a
// flag that can be repeated.
func setFlag(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	if !repeatable(f) {
		return flags.Set(f.Name, value)
	}
	for line := range strings.Lines(value) {
		if err := flags.Set(f.Name, strings.TrimRight(line, "\r\n")); err != nil {
			return err
		}
	}
	return nil
}

// environmentArgs are the flags that the environment gave, as the command line says them.
func environmentArgs() []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(fromEnvironment)) {
		for line := range strings.Lines(os.Getenv(fromEnvironment[name])) {
			args = append(args, "--"+name+"="+strings.TrimRight(line, "\r\n"))
		}
	}
	return args
}

// repeatable says that a flag takes another value each time that it is given.
func repeatable(f *pflag.Flag) bool {
	switch f.Value.(type) {
	case pflag.SliceValue, *pairs:
		return true
	}
	return f.Value.Type() == "stringToString"
}

// unknownVariable is one that stands for no flag of any command.
type unknownVariable struct{ name, near string }

// unknownVariables are the variables with this program's prefix that mean nothing to it.
func unknownVariables(root *cobra.Command) []unknownVariable {
	known := slices.Clone(shellVariables)
	everyCommand(root, func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if variable := variableOf(f); variable != "" && !slices.Contains(known, variable) {
				known = append(known, variable)
			}
		})
	})
	var unknown []unknownVariable
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, variablePrefix) && !strings.HasPrefix(name, testPrefix) && !slices.Contains(known, name) {
			unknown = append(unknown, unknownVariable{name, nearest(name, known)})
		}
	}
	return unknown
}

// everyCommand visits a command and all below it.
func everyCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, child := range cmd.Commands() {
		everyCommand(child, visit)
	}
}
