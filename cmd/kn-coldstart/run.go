package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/output"
	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
)

// scenarioFlags are the options of run.
type scenarioFlags struct {
	filename string
	only     []string
	results  string
	failFast bool
	dryRun   bool
	format   string
	// cluster and progress are for their flags only: they overrule the file.
	cluster  clusterFlags
	progress progressFlags
}

const scenarioHelp = `run runs the experiments that a scenario file lists, one after the other, and judges those that have a gate:

  version: 1
  defaults:                          # for all experiments whose command has the flag
    image: registry.example/fn:v1
    runtimeClass: [runc, gvisor]
  experiments:
    - name: first start
      single: {iterations: 30}       # or scale, load, work, ab
      gate: {slo: [p(95)<2s]}
    - name: burst
      scale: {services: [1, 10, 50], limit: {memory: 128Mi}}

Each setting is a flag of the command and means what the flag means: its key is the flag's name in camel case, as in
clientTimeout for --client-timeout. A flag that can be repeated takes a list, and one of NAME=VALUE takes keys with
values. Below gate are the flags of 'kn-coldstart gate'. It judges the one run of the experiment: against a baseline
that takes 19 runs of it at least, so say last: 30 of a folder. What an experiment says itself replaces what the
defaults say. 'kn-coldstart init' writes a file to begin with.

Paths in the file are relative to the file, and those in a gate file that it names to that one. Environment variables in
it are not filled in: what is in git is what is measured, and the SHA-256 of the file stands in each run file. Nor do
variables such as KN_COLDSTART_IMAGE set flags of its experiments. Which cluster is measured can be said on the command
line, whatever the file says. KN_COLDSTART_KUBECONFIG, KN_COLDSTART_CONTEXT, KN_COLDSTART_NAMESPACE and
KN_COLDSTART_INGRESS_ADDRESS say it where the file does not.

The whole file is checked before anything is asked of the cluster, and all that is wrong with it is told, with the line
and column. --dry-run ends there and says what would be run. Each experiment writes a run file of its own. If one fails,
the others still run, unless the file says failFast: true or --fail-fast is given. Ctrl-C ends the one that runs in good
order, and no other begins.

The exit code is the worst one of an experiment or its gate, in this order:

  130  interrupted
  3    fail: shown to be too slow, or slower than the baseline or side a by more than the tolerance
  2    something makes no sense, such as a baseline that cannot be read; if the file is at fault, nothing was run
  1    an experiment failed
  5    invalid: a run does not measure what it should
  4    inconclusive
  0    all were completed, and what has a gate passed it`

func newRun() *cobra.Command {
	var f scenarioFlags
	cmd := &cobra.Command{
		Use:   "run -f FILE",
		Short: "Run the experiments of a scenario file, and judge them; the exit code is the worst verdict",
		Long:  scenarioHelp,
		Example: "  kn-coldstart init\n" +
			"  kn-coldstart run -f scenario.yaml --dry-run\n" +
			"  kn-coldstart run -f scenario.yaml\n" +
			"  kn-coldstart run -f scenario.yaml --only burst --context staging -o json",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	f.cluster.register(flags)
	f.cluster.registerIngress(flags)
	f.progress.register(flags)
	flags.StringVarP(&f.filename, "filename", "f", "", "scenario file")
	flags.StringArrayVar(&f.only, "only", nil, "name of an experiment to run, in place of all; repeatable")
	flags.StringVar(&f.results, "results", "results", "folder for the run files")
	flags.BoolVar(&f.failFast, "fail-fast", false, "run nothing more after an experiment that failed, or whose verdict is not a pass")
	flags.BoolVar(&f.dryRun, "dry-run", false, "check the file and say what would be run; no cluster is asked")
	output.Register(flags, &f.format, output.Scenario, output.Plan)
	return cmd
}

// overrulingFlags are the flags of run that overrule the file. Variables that stand for them
// fill in what it does not say.
var overrulingFlags = []string{"kubeconfig", "context", "namespace", "ingress-address", "progress"}

// read reads the file. All that is wrong with it is one error.
func (f *scenarioFlags) read(cmd *cobra.Command) (*scenarioRun, error) {
	if f.filename == "" {
		return nil, withHint(errors.New("no scenario file was named"), "use -f FILE; 'kn-coldstart init' writes one to begin with")
	}
	if err := f.cluster.validate(); err != nil {
		return nil, err // it is no fault of the file
	}
	if err := f.progress.use(""); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(f.filename)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	s := &scenarioRun{
		name: f.filename, folder: filepath.Dir(f.filename), results: f.results,
		overruling: map[string]string{}, filling: map[string]string{}, faults: &scenario.Faults{File: f.filename},
	}
	for _, name := range overrulingFlags {
		flag := cmd.Flags().Lookup(name)
		if _, variable := fromEnvironment[name]; variable {
			s.filling[name] = flag.Value.String()
		} else if flag.Changed {
			s.overruling[name] = flag.Value.String()
		}
	}
	s.file = scenario.Parse(data, grammar(), s.faults)
	for _, name := range unusedVariables(cmd.Flags(), grammar()) {
		sayWarning("%s is not used: what the scenario file says is what is measured", name)
	}
	s.file.FailFast = s.file.FailFast || f.failFast
	s.check(cmd.Context())
	return s, s.faults.Err()
}

// grammar is what a file can say: the flags of the commands, and of gate.
func grammar() scenario.Grammar {
	g := scenario.Grammar{scenario.Gate: newGate().Flags()}
	for name, command := range experimentCommands {
		g[name] = command(nil).Flags()
	}
	return g
}

// experimentCommands are the commands that are experiments, as parts of a scenario. They
// are set when the program begins, as they refer to the root command, which refers to them.
var experimentCommands map[string]func(*part) *cobra.Command

func init() {
	experimentCommands = map[string]func(*part) *cobra.Command{"single": singleOf, "scale": scaleOf, "load": loadOf, "work": workOf, "ab": abOf}
}

// choose are the experiments to run.
func (f *scenarioFlags) choose(all []plannedExperiment) ([]plannedExperiment, error) {
	if len(f.only) == 0 {
		return all, nil
	}
	named := map[string]bool{}
	var names []string
	for _, e := range all {
		names = append(names, e.Name)
	}
	for _, name := range f.only {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("--only %q: there is no such experiment: the file has %s", name, strings.Join(names, ", "))
		}
		named[name] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(e plannedExperiment) bool { return !named[e.Name] }), nil
}

func (f *scenarioFlags) run(cmd *cobra.Command) error {
	results, err := output.Scenario.Find(f.format)
	if f.dryRun {
		_, err = output.Plan.Find(f.format)
	}
	if err != nil {
		return usage(err)
	}
	s, err := f.read(cmd)
	if err != nil {
		return usage(err)
	}
	chosen, err := f.choose(s.planned)
	if err != nil {
		return usage(err)
	}
	if f.dryRun {
		return f.tellPlan(s, chosen)
	}
	if err := removeOld(chosen); err != nil {
		return usage(err)
	}
	end := s.run(cmd.Context(), chosen, f.format == "text")
	if err := results.Write(os.Stdout, end); err != nil {
		return err
	}
	return codeOf(end.ExitCode)
}

func (f *scenarioFlags) tellPlan(s *scenarioRun, chosen []plannedExperiment) error {
	format, err := output.Plan.Find(f.format)
	if err != nil {
		return err
	}
	plan := output.Planned{File: s.name, SHA256: s.file.SHA256}
	for _, e := range chosen {
		plan.Experiments = append(plan.Experiments, e.describe())
	}
	return format.Write(os.Stdout, plan)
}

// removeOld removes what earlier runs left in the files that the experiments will write, so
// that no old result stands beside a new exit code.
func removeOld(chosen []plannedExperiment) error {
	files := map[string]string{}
	for _, e := range chosen {
		for _, file := range e.files {
			files[file.path] = file.what
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := output.Prepare(path, files[path]); err != nil {
			return err
		}
	}
	return nil
}
