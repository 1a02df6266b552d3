// Package output holds the registry of output formats: which results the commands
// print, and in which formats each of them can be written.
//
// A result is what a command prints on standard output: a run report, a comparison,
// a verdict and so on. Every command, its help and its errors read the formats of a
// result from registry.go. A new format is a row there and a renderer; nothing else
// changes. The renderers themselves are in analysis/report. Only the list of checks is
// drawn here, because doctor is all that prints it.
package output

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kn-coldstart/kn-coldstart/analysis/report"
)

// Format is one way to write a result of type T.
type Format[T any] struct {
	// Name is what -o takes.
	Name string
	// Help is one line about the format, for --help.
	Help string
	// Write draws the result.
	Write func(io.Writer, T) error
}

// Result is a kind of result with all its formats; the first one is the default.
type Result[T any] struct {
	// Name is the result in a sentence, without its article: "comparison".
	Name    string
	Formats []Format[T]
}

// Find returns the format of that name. Its error lists the formats that there are.
func (r Result[T]) Find(name string) (Format[T], error) {
	for _, f := range r.Formats {
		if f.Name == name {
			return f, nil
		}
	}
	return Format[T]{}, fmt.Errorf("unknown --output %q for the %s: use %s", name, r.Name, either(r.names()))
}

func (r Result[T]) names() []string {
	var names []string
	for _, f := range r.Formats {
		names = append(names, f.Name)
	}
	return names
}

// help lists the formats, one a line.
func (r Result[T]) help() string {
	width := 0
	for _, name := range r.names() {
		width = max(width, len(name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "format of the %s:", r.Name)
	for i, f := range r.Formats {
		fmt.Fprintf(&b, "\n  %-*s  %s", width, f.Name, f.Help)
		if i == 0 {
			b.WriteString(" (default)")
		}
	}
	return b.String()
}

func (r Result[T]) first() string { return r.Formats[0].Name }

// wideHelp is about the format that has the same as text.
const wideHelp = "the same with all columns, where text leaves some out to fit into 80"

// wide has tables show all their columns.
func wide[T any](write func(io.Writer, T) error) func(io.Writer, T) error {
	return func(w io.Writer, result T) error { return write(report.Wide(w), result) }
}

// listed is a Result of any type.
type listed interface {
	help() string
	first() string
	names() []string
}

// FlagName is the flag that Register adds.
const FlagName = "output"

// names annotates the flag with the names of its formats.
const names = "formats"

// Register adds -o to a command's flags. The help lists the formats of the command's
// results; the default is the first format of the first result.
func Register(flags *pflag.FlagSet, format *string, results ...listed) {
	var lists, all []string
	for _, r := range results {
		lists = append(lists, r.help())
		all = append(all, r.names()...)
	}
	flags.StringVarP(format, FlagName, "o", results[0].first(), strings.Join(lists, "\n"))
	// The list says which format is the default; pflag would say it again.
	flags.Lookup(FlagName).DefValue = ""
	slices.Sort(all)
	_ = flags.SetAnnotation(FlagName, names, slices.Compact(all)) // the flag is there
}

// Names are the formats that a flag takes, sorted.
func Names(f *pflag.Flag) []string { return f.Annotations[names] }

// either joins names for a sentence: "a, b or c".
func either(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
