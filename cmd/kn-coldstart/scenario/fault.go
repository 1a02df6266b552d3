package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Faults are what is wrong with a file. As an error they are one line for each, in the
// order of the file.
type Faults struct {
	// File is the name of the file, as it was given.
	File string
	list []fault
}

type fault struct {
	at   Position
	text string
	// of are the experiments that have it, where it takes more than the file to see it.
	of []string
}

// Add adds a fault, unless it is known.
func (f *Faults) Add(at Position, format string, args ...any) {
	f.add(at, fmt.Sprintf(format, args...))
}

// AddOf adds a fault of an experiment. One of the defaults may be that of several.
func (f *Faults) AddOf(experiment string, at Position, format string, args ...any) {
	one := f.add(at, fmt.Sprintf(format, args...))
	if !slices.Contains(one.of, experiment) {
		one.of = append(one.of, experiment)
	}
}

func (f *Faults) add(at Position, text string) *fault {
	for i := range f.list {
		if f.list[i].at == at && f.list[i].text == text {
			return &f.list[i]
		}
	}
	f.list = append(f.list, fault{at: at, text: text})
	return &f.list[len(f.list)-1]
}

// Len is how many there are.
func (f *Faults) Len() int { return len(f.list) }

// Err is the faults as an error, nil if there is none.
func (f *Faults) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	return f
}

// Error implements error.
func (f *Faults) Error() string {
	sorted := slices.Clone(f.list)
	slices.SortStableFunc(sorted, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	var lines []string
	for _, one := range sorted {
		text := one.text
		if len(one.of) > 0 {
			text = strings.Join(one.of, ", ") + ": " + text
		}
		lines = append(lines, f.place(one.at)+": "+text)
	}
	return strings.Join(lines, "\n")
}

// place is FILE:LINE:COLUMN, as far as it is known.
func (f *Faults) place(at Position) string {
	switch {
	case at.Line == 0:
		return f.File
	case at.Column == 0:
		return fmt.Sprintf("%s:%d", f.File, at.Line)
	}
	return fmt.Sprintf("%s:%d:%d", f.File, at.Line, at.Column)
}
