// Package pool answers one question: which runs measured the same thing, so that
// their samples may be put together or held against each other.
//
// Baselines, thresholds, reports and comparisons all ask it here. Samples of
// different clusters, settings or images must never be pooled in silence: two
// classes that differ by 1.4 and 1.5 on two clusters can differ by 0.4 in the pool.
// And a copy of a run is no further evidence.
//
// What does not change a sample does not forbid it: the number of iterations and
// what follows from it, classes that only one run has, and the number of nodes,
// which an autoscaler changes by itself.
package pool

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// ErrCopy is returned where a run is given twice.
var ErrCopy = errors.New("a copy is no further evidence")

// ErrDifferent is returned where runs measured different things.
var ErrDifferent = errors.New("the runs measured different things")

// Check says why runs must not be put together: because one is a copy of another,
// or because they differ in what changes a sample. It is nil where they may be.
func Check(runs ...record.Header) error {
	if err := Copies(runs...); err != nil {
		return err
	}
	if differ := Among(runs...); len(differ) > 0 {
		return fmt.Errorf("%w: %s", ErrDifferent, Listed(differ))
	}
	return nil
}

// Copies says which run is there twice.
func Copies(runs ...record.Header) error {
	for i, h := range runs {
		for _, other := range runs[:i] {
			if Same(h, other) && h.RunID == other.RunID {
				return fmt.Errorf("run %q is given twice: %w", h.RunID, ErrCopy)
			} else if Same(h, other) {
				return fmt.Errorf("run %q is given twice, as %q too: %w", other.RunID, h.RunID, ErrCopy)
			}
		}
	}
	return nil
}

// Same says that two headers are of one run. A run is known by its identifier, and,
// since a copy may have lost it, by what it measured.
func Same(a, b record.Header) bool {
	return a.RunID != "" && a.RunID == b.RunID || a.Contents != 0 && a.Contents == b.Contents
}

// Among are the properties in which any run differs from the first, each once.
func Among(runs ...record.Header) []Mismatch {
	var list []Mismatch
	for i := 1; i < len(runs); i++ {
		for _, m := range Mismatches(runs[0], runs[i]) {
			if !slices.Contains(list, m) {
				list = append(list, m)
			}
		}
	}
	return list
}

// Without are the mismatches in other fields than those that are under test.
func Without(list []Mismatch, expected []string) []Mismatch {
	return slices.DeleteFunc(slices.Clone(list), func(m Mismatch) bool { return slices.Contains(expected, m.Field) })
}

// Listed is the first mismatch in words, and how many more there are.
func Listed(list []Mismatch) string {
	if len(list) == 0 {
		return ""
	}
	text := list[0].String()
	if more := len(list) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// Headers are those of the runs.
func Headers(runs ...[]*record.Run) []record.Header {
	var list []record.Header
	for _, r := range slices.Concat(runs...) {
		list = append(list, r.Header)
	}
	return list
}

// Mismatch is a property in which two runs differ.
type Mismatch struct {
	// Field is the JSON name in the run's header: of the fingerprint as it is,
	// "command", "settings.KEY", "image" or "imageDigest".
	Field string `json:"field"`
	Base  string `json:"base"`
	New   string `json:"new"`
}

// String says what the property is and what it was.
func (m Mismatch) String() string {
	text := fmt.Sprintf("%s is %s, was %s", m.Field, m.New, m.Base)
	if m.Field == "settings.traces" {
		text += " (tracing takes time)"
	}
	return text
}

// handlerOf is the class that an entry of Fingerprint.Handlers is about, which
// looks like "CLASS=HANDLER VERSION", with more words behind.
func handlerOf(entry string) string {
	class, _, _ := strings.Cut(entry, "=")
	class, _, _ = strings.Cut(class, " ")
	return class
}
