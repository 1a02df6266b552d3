package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/templates"
)

// scenarioSchema is where the schema of scenario files is that belongs to a version.
const scenarioSchema = "https://raw.githubusercontent.com/kn-coldstart/kn-coldstart/%s/templates/scenario.schema.json"

func newInit() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a scenario file with comments, to begin with",
		Long: "init writes a scenario file that 'kn-coldstart run -f FILE' runs: two experiments with a gate, and comments that\n" +
			"say what else there is. FILE is scenario.yaml unless it is named; - is standard output. A file that is there is\n" +
			"left as it is.",
		Example: "  kn-coldstart init\n" +
			"  kn-coldstart init benchmarks/nightly.yaml\n" +
			"  kn-coldstart init - | less",
		Args: func(cmd *cobra.Command, args []string) error { return usage(cobra.MaximumNArgs(1)(cmd, args)) },
		RunE: func(_ *cobra.Command, args []string) error {
			return writeScenario(append(args, "scenario.yaml")[0], force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return cmd
}

func writeScenario(path string, force bool) error {
	var s templates.Scenario
	if version := tool().Version; released.MatchString(version) {
		s.Schema = fmt.Sprintf(scenarioSchema, version)
	}
	text, err := templates.RenderScenario(s)
	if err != nil {
		return err
	}
	if path == "-" {
		_, err := os.Stdout.Write(text)
		return err
	}
	if err := createFile(path, text, force); err != nil {
		return err
	}
	sayWritten(path)
	return nil
}

// createFile writes a file that is not there, unless it is to be replaced.
func createFile(path string, text []byte, force bool) error {
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, how, 0o644)
	if errors.Is(err, os.ErrExist) {
		return usage(withHint(fmt.Errorf("write scenario: %s is there already", path), "name another file, or use --force to replace it"))
	}
	if err != nil {
		return fmt.Errorf("write scenario: %w", err)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write scenario: %w", err)
	}
	return nil
}
