package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// version and commit are set by the build.
var version, commit string

// tool describes this program. If the build set no version, it is the one that Go wrote
// into the program.
func tool() record.Tool {
	t := record.Tool{Version: version, Commit: commit}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	if t.Version == "" {
		t.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && t.Commit == "" {
			t.Commit = setting.Value
		}
	}
	return t
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and the commit that it was built from",
		Example: "  kn-coldstart version",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			printVersion(tool())
			return nil
		},
	}
}
