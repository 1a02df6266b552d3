package main

import (
	"runtime/debug"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// What the build set comes before what Go knows.
func TestVersion(t *testing.T) {
	const hash = "0123456789abcdef0123456789abcdef01234567"
	info := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: hash}
	for name, test := range map[string]struct {
		set, want record.Tool
		info      *debug.BuildInfo
	}{
		"go install":            {info: info("v0.1.0"), want: record.Tool{Version: "v0.1.0"}},
		"go build":              {info: info("(devel)", revision), want: record.Tool{Version: "(devel)", Commit: hash}},
		"a release":             {set: record.Tool{Version: "v0.1.0", Commit: "abc"}, info: info("(devel)", revision), want: record.Tool{Version: "v0.1.0", Commit: "abc"}},
		"a release without git": {set: record.Tool{Version: "v0.1.0"}, info: info("(devel)"), want: record.Tool{Version: "v0.1.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := complete(test.set, test.info); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
