package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

const namespaces = `version: 1
experiments:
  - name: said
    single: {image: x, namespace: perf}
  - name: unsaid
    single: {image: x}
`

// The command line counts more than what a scenario file says, and a variable less.
func TestNamespaceOfAScenario(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	if err := os.WriteFile(file, []byte(namespaces), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		variable string
		args     []string
		want     []string
	}{
		{"", nil, []string{"perf", ""}},
		{"bench", nil, []string{"perf", "bench"}},
		{"bench", []string{"-n", "typed"}, []string{"typed", "typed"}},
	} {
		t.Setenv(variablePrefix+"NAMESPACE", c.variable)
		if diff := cmp.Diff(c.want, namespacesOf(t, file, c.args)); diff != "" {
			t.Errorf("%q %q:\n%s", c.variable, c.args, diff)
		}
	}
}

// namespacesOf are those of the experiments of a scenario file, by the arguments of run.
func namespacesOf(t *testing.T, file string, args []string) []string {
	t.Helper()
	t.Cleanup(forgetEnvironment)
	forgetEnvironment()
	f, cmd := &scenarioFlags{filename: file}, &cobra.Command{}
	f.cluster.register(cmd.Flags())
	f.cluster.registerIngress(cmd.Flags())
	f.progress.register(cmd.Flags())
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if err := readEnvironment(cmd.Flags()); err != nil {
		t.Fatal(err)
	}
	cmd.SetContext(t.Context())
	s, err := f.read(cmd)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range s.file.Experiments {
		all = append(all, s.command(e, &part{dry: true}).Flags().Lookup("namespace").Value.String())
	}
	return all
}
