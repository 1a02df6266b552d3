package record

import (
	"errors"
	"math"
	"time"
)

// Native is the name of the side of a work that runs outside of any container. No
// RuntimeClass under test may have it.
const Native = "native"

// Work is one program that an instance, or the node's machine itself, was to run, and what
// the program measured.
type Work struct {
	Type Type `json:"type"`
	// RuntimeClass is that of the instance, or Native.
	RuntimeClass string `json:"runtimeClass"`
	Service      string `json:"service,omitempty"`
	// Instance is the pod that ran it, as far as it said so.
	Instance string `json:"instance,omitempty"`
	Program  string `json:"program"`
	// Block is the randomised pass over all classes. The first one warms caches and is
	// Discarded.
	Block     int  `json:"block"`
	Discarded bool `json:"discarded,omitempty"`
	// Begun is when the program was asked for, and Ended when its answer was read.
	Begun time.Duration `json:"begunNs"`
	Ended time.Duration `json:"endedNs"`
	// Figures are what the program measured. There are none if Outcome is not OK; then
	// Error says why.
	Figures []Figure `json:"figures,omitempty"`
	Outcome Outcome  `json:"outcome"`
	Error   string   `json:"error,omitempty"`
}

// Figure is one number that a program has measured.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Unit says what the number is of, such as "requests/s" or "ms". Of times less is
	// better, of all else more.
	Unit string `json:"unit"`
}

// LessIsBetter says that the figure is a time.
func (f Figure) LessIsBetter() bool { return f.Unit == "ms" || f.Unit == "s" }

// mostFigure is more than any program can measure, in any unit.
const mostFigure = 1e15

var (
	errWork        = errors.New("its figures are none that a program can have measured")
	errUnexplained = errors.New("its program failed and it does not say why")
)

// Check refuses what nobody can have measured.
func (w *Work) Check() error {
	if w.Ended < w.Begun || w.Block < 0 || w.Outcome == OK && len(w.Figures) == 0 {
		return errWork
	}
	if w.Outcome != OK && w.Error == "" {
		return errUnexplained
	}
	for _, f := range w.Figures {
		if math.IsNaN(f.Value) || f.Value < 0 || f.Value > mostFigure || f.Name == "" {
			return errWork
		}
	}
	return nil
}
