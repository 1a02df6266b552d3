// Package runfile finds and reads the run files that a command line names.
package runfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Set is the paths of run files, "-" being standard input.
type Set []string

// Find returns the files that the arguments name. An argument is a file, "-", or a
// pattern that the shell did not expand, which stands for all files that it matches.
func Find(arguments ...string) (Set, error) {
	var paths Set
	for _, argument := range arguments {
		found, err := Match(argument)
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

// Match returns the files of one argument. A pattern may match none.
func Match(argument string) (Set, error) {
	if _, err := os.Stat(argument); err == nil || !strings.ContainsAny(argument, "*?[") {
		return Set{argument}, nil
	}
	found, err := filepath.Glob(argument)
	if err != nil {
		return nil, fmt.Errorf("pattern %s: %w", argument, err)
	}
	return found, nil
}

// FindAll is Find, and a folder stands for all run files in it.
func FindAll(arguments ...string) (Set, error) {
	var paths Set
	for _, argument := range arguments {
		found, err := findEach(argument)
		if err != nil {
			return nil, err
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

func findEach(argument string) (Set, error) {
	if IsFolder(argument) {
		return InFolder(argument)
	}
	return Find(argument)
}

// IsFolder says that the argument is an existing folder.
func IsFolder(argument string) bool {
	info, err := os.Stat(argument)
	return err == nil && info.IsDir()
}

// InFolder returns the files in a folder that are called like run files, compressed or
// not. It is an error if there is none.
func InFolder(folder string) (Set, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read folder: %w", err)
	}
	var paths Set
	for _, e := range entries {
		if name := e.Name(); !e.IsDir() && (strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".jsonl.gz")) {
			paths = append(paths, filepath.Join(folder, name))
		}
	}
	if paths == nil {
		return nil, fmt.Errorf("folder %s has no *.jsonl file", folder)
	}
	return paths, nil
}

// Error says that a file could not be read as a run file.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what a run file is.
func (*Error) Hint() string {
	return "a run writes its run file to results/RUN.jsonl, or where --run-file says"
}

// Runs reads the files with all their samples. Its error is an *Error.
func (s Set) Runs() ([]*record.Run, error) {
	var runs []*record.Run
	for _, path := range s {
		run, err := record.ReadFile(path)
		if err != nil {
			return nil, &Error{err}
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// summaryPercent makes the garbage collector run when the heap has grown by half. A
// summary of a million samples keeps 100 MiB of numbers, which are quick to collect
// because they hold no pointers. The environment variable GOGC overrules it.
const summaryPercent = 50

// Summary reads the files without keeping their samples. Its error is an *Error, or
// that of package pool where the runs must not be pooled.
func (s Set) Summary() (*analysis.Summary, error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(summaryPercent)
	}
	summary, err := analysis.SummariseFiles(s...)
	if errors.Is(err, pool.ErrDifferent) || errors.Is(err, pool.ErrCopy) {
		return nil, err
	}
	if err != nil {
		return nil, &Error{err}
	}
	return summary, nil
}

// ReadDistinct reads every set and fails if a run is in them twice: a copy of a run is no
// further evidence and must not count as some.
func ReadDistinct(sets ...Set) ([][]*record.Run, error) {
	var all [][]*record.Run
	for _, s := range sets {
		runs, err := s.Runs()
		if err != nil {
			return nil, err
		}
		all = append(all, runs)
	}
	return all, Distinct(all...)
}

// Distinct says which run is there twice.
func Distinct(sets ...[]*record.Run) error { return pool.Copies(pool.Headers(sets...)...) }
