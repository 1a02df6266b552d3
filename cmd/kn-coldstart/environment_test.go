package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// setFlags are flags of every kind that the commands have.
type setFlags struct {
	list, listed []string
	pairs        pairs
	quantities   map[string]string
	text         string
	number       int
}

func (f *setFlags) register() *pflag.FlagSet {
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.StringArrayVar(&f.list, "header", nil, "")
	flags.StringSliceVar(&f.listed, "runtime-class", []string{"runc"}, "")
	flags.Var(&f.pairs, "env", "")
	flags.StringToStringVar(&f.quantities, "limit", nil, "")
	flags.StringVar(&f.text, "path", "/", "")
	flags.IntVar(&f.number, "iterations", 30, "")
	refuseExisting(flags, "no")
	return flags
}

func TestFlagsAreReadFromTheEnvironment(t *testing.T) {
	for variable, value := range map[string]string{
		"HEADER":        "A: 1, 2\nB: 3\n",
		"RUNTIME_CLASS": "gvisor,crun\nkata",
		"ENV":           "A=1,2\nB=3=4",
		"LIMIT":         "cpu=1,memory=64Mi",
		"PATH":          "/a\nb", // it is no list
		"ITERATIONS":    "5",
		"SERVICE":       "hidden flags have no variable",
	} {
		t.Setenv(variablePrefix+variable, value)
	}
	t.Cleanup(forgetEnvironment)
	var got setFlags
	flags := got.register()
	if err := flags.Parse([]string{"--iterations", "7"}); err != nil {
		t.Fatal(err)
	}
	if err := readEnvironment(flags); err != nil {
		t.Fatal(err)
	}
	want := setFlags{
		list: []string{"A: 1, 2", "B: 3"}, listed: []string{"gvisor", "crun", "kata"},
		pairs: pairs{"A": "1,2", "B": "3=4"}, quantities: map[string]string{"cpu": "1", "memory": "64Mi"},
		text: "/a\nb", number: 7,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(setFlags{})); diff != "" {
		t.Error(diff)
	}
	if !flags.Changed("path") {
		t.Error("a flag that the environment sets counts as not given")
	}
	if _, set := fromEnvironment["iterations"]; set || len(fromEnvironment) != 5 {
		t.Errorf("set by the environment: %v", fromEnvironment)
	}
	for _, arg := range []string{"--path=/a\nb", "--header=B: 3", "--runtime-class=kata"} {
		if !slices.Contains(environmentArgs, arg) {
			t.Errorf("a command line for elsewhere has %q, and not %q", environmentArgs, arg)
		}
	}
}

// A variable is a default for many command lines, and is no contradiction to one of them.
func TestVariablesThatTheCommandLineExcludes(t *testing.T) {
	for name, value := range map[string]string{"NAMESPACE": "x", "IMAGE": "x", "LIMIT": "cpu=1", "TOOL_IMAGE": "x", "TRACES": "true"} {
		t.Setenv(variablePrefix+name, value)
	}
	t.Cleanup(forgetEnvironment)
	for _, c := range []struct {
		command   *cobra.Command
		args      string
		inCluster string
		want      []string
	}{
		{newClean(), "", "", []string{"namespace"}},
		{newClean(), "-A", "", nil},
		{newSingle(), "", "", []string{"image", "limit", "namespace", "traces"}},
		{newSingle(), "--service shop", "", []string{"namespace"}},
		{newSingle(), "-f shop.yaml", "", []string{"namespace", "traces"}},
		{newSingle(), "--in-cluster", "", []string{"image", "limit", "namespace", "tool-image", "traces"}},
		{newSingle(), "--service shop", "true", []string{"in-cluster", "namespace", "tool-image"}},
		{newSingle(), "--service shop --in-cluster=false", "true", []string{"namespace"}},
		{newCronJob(), "", "", []string{"namespace", "tool-image"}},
	} {
		forgetEnvironment()
		t.Setenv(variablePrefix+"IN_CLUSTER", c.inCluster)
		if err := c.command.ParseFlags(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		if err := readEnvironment(c.command.Flags()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, slices.Sorted(maps.Keys(fromEnvironment))); diff != "" {
			t.Errorf("%s %s, in cluster %q:\n%s", c.command.Name(), c.args, c.inCluster, diff)
		}
	}
}

// Each variable stands for one flag, and no flag's variable begins as those of the tests do.
func TestVariablesAreUnambiguous(t *testing.T) {
	for name := range knownFlags(t) {
		variable := variableOf(&pflag.Flag{Name: name})
		if len(variable) >= len(testPrefix) && variable[:len(testPrefix)] == testPrefix {
			t.Errorf("--%s has variable %s, which is for tests", name, variable)
		}
	}
}

func forgetEnvironment() {
	clear(fromEnvironment)
	environmentArgs = nil
}
