// Package figure reads the figures out of what benchmark programs print.
//
// The programs print for people, and print something else with each version. So a reader
// here takes only what it knows whole: an output that lacks a figure, or has one that is
// no number, is an error with the text, and never a zero.
package figure

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Figure is one number that a program has measured.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit is one of the constants below.
	Unit string `json:"unit"`
}

// The units of figures.
const (
	RequestsPerSecond = "requests/s"
	EventsPerSecond   = "events/s"
	MIPS              = "MIPS" // a million instructions of a certain old processor a second
	MiBPerSecond      = "MiB/s"
	Milliseconds      = "ms"
)

// mostText is how much of an output an error has.
const mostText = 2000

// Error says that an output was not understood.
type Error struct {
	Program, Problem, Text string
}

func (e *Error) Error() string {
	text := strings.TrimSpace(e.Text)
	if len(text) > mostText {
		text = text[:mostText/2] + "\n…\n" + text[len(text)-mostText/2:]
	}
	if text == "" {
		text = "nothing"
	}
	return fmt.Sprintf("the output of %s is not understood: %s. It printed:\n%s", e.Program, e.Problem, text)
}

// number is a figure's value, which is finite and not negative.
func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || v < 0 || v > 1e15 || math.IsNaN(v) {
		return 0, fmt.Errorf("%q is no number that can have been measured", text)
	}
	return v, nil
}
