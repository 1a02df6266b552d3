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

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// variablePrefix begins the names of all environment variables of this program.
const variablePrefix = "KN_COLDSTART_"

// testPrefix begins those that are for tests.
const testPrefix = variablePrefix + "E2E_"

// otherVariables stand for no flag: cobra's completions know two, and a worker the last.
var otherVariables = []string{variablePrefix + "ACTIVE_HELP", variablePrefix + "COMPLETION_DESCRIPTIONS", templates.WorkerTokenVariable}

// variableOf is the environment variable that stands for a flag, or "" if none does. None
// does for --force: it is for one command line, and means different things.
func variableOf(f *pflag.Flag) string {
	if f.Hidden || f.Name == "help" || f.Name == "version" || f.Name == "force" {
		return ""
	}
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

var (
	// fromEnvironment are the variables that gave flags of the command, by the flag's name.
	fromEnvironment = map[string]string{}
	// environmentArgs are these flags as the command line says them.
	environmentArgs []string
)

// excluding are flags that leave others without a meaning.
var excluding = map[string][]string{
	"all-namespaces": {"namespace"},
	"filename":       slices.Concat([]string{"image"}, podFlags, fileScale),
	existingFlag:     slices.Concat(ownServiceFlags, podFlags, []string{"traces", "traces-address"}),
}

// excluded are the flags that mean nothing beside those of the command line. A variable is
// there for many commands: what it says is a contradiction on the command line only.
func excluded(flags *pflag.FlagSet) []string {
	var all []string
	for name, others := range excluding {
		if flags.Changed(name) {
			all = append(all, others...)
		}
	}
	if on := flags.Lookup("in-cluster"); on != nil && on.Value.String() == "false" && (on.Changed || os.Getenv(variableOf(on)) == "") {
		all = append(all, "tool-image", "tool-service-account", "tool-node-selector")
	}
	return all
}

// readEnvironment sets the flags that the command line does not give and the environment
// does.
func readEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	without := excluded(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		variable := variableOf(f)
		value := os.Getenv(variable)
		if variable == "" || value == "" || f.Changed || slices.Contains(without, f.Name) {
			return
		}
		if err := setFlag(flags, f, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", variable, err))
			return
		}
		fromEnvironment[f.Name] = variable
	})
	return errors.Join(errs...)
}

// setFlag sets a flag to the value of a variable, which has one line for each value of a
// flag that can be repeated.
func setFlag(flags *pflag.FlagSet, f *pflag.Flag, value string) error {
	values := []string{value}
	if repeatable(f) {
		values = strings.Split(strings.TrimRight(value, "\r\n"), "\n")
	}
	for _, v := range values {
		if repeatable(f) {
			v = strings.TrimRight(v, "\r")
		}
		if err := flags.Set(f.Name, v); err != nil {
			return err
		}
		environmentArgs = append(environmentArgs, "--"+f.Name+"="+v)
	}
	return nil
}

// unusedVariables are those that are set and stand for flags of a scenario's experiments, but
// for none of the command that runs it.
func unusedVariables(flags *pflag.FlagSet, g scenario.Grammar) []string {
	unused := map[string]bool{}
	for _, of := range g {
		of.VisitAll(func(f *pflag.Flag) {
			if name := variableOf(f); name != "" && os.Getenv(name) != "" && flags.Lookup(f.Name) == nil {
				unused[name] = true
			}
		})
	}
	return slices.Sorted(maps.Keys(unused))
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
	known := slices.Clone(otherVariables)
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
