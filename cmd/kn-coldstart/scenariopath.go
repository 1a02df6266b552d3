package main

import (
	"path/filepath"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/cmd/kn-coldstart/scenario"
)

// pathFlags are the flags that name a file, a folder or a pattern of files, whatever their
// value is.
var pathFlags = []string{"kubeconfig", "filename", "body", "ca-file", "hlog", "native", "baseline", "junit"}

// maybePath are the flags of which some values name a file: how the value is cut into what
// stands before the path, and the path.
var maybePath = map[string]func(value string) (before, path string, found bool){
	"rate": func(value string) (string, string, bool) { return cutBehind(value, "replay:") },
	"for": func(value string) (string, string, bool) {
		class, setting, _ := strings.Cut(value, ":")
		before, path, found := cutBehind(setting, "body=")
		return class + ":" + before, path, found
	},
	"a": sidePath,
	"b": sidePath,
}

func cutBehind(value, prefix string) (before, rest string, found bool) {
	rest, found = strings.CutPrefix(value, prefix)
	return prefix, rest, found
}

// sidePath is the file of a side of ab. What has an equals sign is a setting of it.
func sidePath(value string) (before, path string, found bool) {
	return "", value, !strings.Contains(value, "=")
}

// relativeTo makes the paths in settings be relative to the folder of the scenario file: a
// file in git means the same wherever it is run from. Standard input is of no use to several
// experiments.
func relativeTo(folder string, settings []scenario.Setting, faults *scenario.Faults) []scenario.Setting {
	var all []scenario.Setting
	for _, s := range settings {
		values := s.Values
		s.Values = nil
		for _, value := range values {
			before, path, found := cutPath(s.Flag, value.Text)
			if found && path == "-" {
				faults.Add(value.At, "%s: a scenario has no standard input or output to itself: name a file", scenario.Key(s.Flag))
			}
			if found && path != "" && !filepath.IsAbs(path) {
				value.Text = before + filepath.Join(folder, path)
			}
			s.Values = append(s.Values, value)
		}
		all = append(all, s)
	}
	return all
}

// cutPath is the path in the value of a flag, if there is one.
func cutPath(flag, value string) (before, path string, found bool) {
	for _, name := range pathFlags {
		if name == flag {
			return "", value, true
		}
	}
	if cut := maybePath[flag]; cut != nil {
		return cut(value)
	}
	return "", "", false
}
