package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// version and commit are set by the build.
var version, commit string

// tool describes this program.
func tool() record.Tool {
	t := record.Tool{Version: version, Commit: commit}
	if info, ok := debug.ReadBuildInfo(); ok {
		return complete(t, info)
	}
	return t
}

// complete takes what the build did not set from what Go wrote into the program: "go install"
// writes the version that it installed.
func complete(t record.Tool, info *debug.BuildInfo) record.Tool {
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
