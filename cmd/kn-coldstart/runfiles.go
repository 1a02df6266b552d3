package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// runFiles are the paths that arguments name. An argument is a file, "-", or a
// pattern that the shell left alone, which stands for the files it matches.
func runFiles(arguments ...string) ([]string, error) {
	var paths []string
	for _, argument := range arguments {
		found, err := matches(argument)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("no file matches %s", argument)
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

// matches are the files of one argument; a pattern may have none.
func matches(argument string) ([]string, error) {
	if _, err := os.Stat(argument); err == nil || !strings.ContainsAny(argument, "*?[") {
		return []string{argument}, nil
	}
	found, err := filepath.Glob(argument)
	if err != nil {
		return nil, fmt.Errorf("pattern %s: %w", argument, err)
	}
	return found, nil
}

// readRuns reads the files; one that cannot be read is a wrong argument.
func readRuns(paths []string) ([]*record.Run, error) {
	var runs []*record.Run
	for _, path := range paths {
		run, err := record.ReadFile(path)
		if err != nil {
			return nil, notRunFile(err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func notRunFile(err error) error {
	return usage(withHint(err, "a run file is what a run writes, results/RUN.jsonl if --run-file says nothing else"))
}

// distinct makes sure that no run is there twice: a copy of a run is no further
// evidence, and must not count as some.
func distinct(sides ...[]*record.Run) error {
	seen := map[string]bool{}
	for _, runs := range sides {
		for _, r := range runs {
			id := r.Header.RunID
			if id != "" && seen[id] {
				return usage(fmt.Errorf("run %q is given twice: a copy is no further evidence", id))
			}
			seen[id] = true
		}
	}
	return nil
}
