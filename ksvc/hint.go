package ksvc

import (
	"errors"
	"fmt"
	"slices"
)

// Advice is what the user can do about a failure, as a sentence without a full
// stop. Every advice is made by NewAdvice when the program starts, so that Hints
// knows them all.
type Advice struct{ text string }

// hints are the texts of all advice.
var hints []string

// NewAdvice makes an advice. The text may hold verbs of package fmt, which With
// fills in. Call it for variables of a package only.
func NewAdvice(text string) Advice {
	hints = append(hints, text)
	return Advice{text}
}

// With fills in the verbs of the text.
func (a Advice) With(args ...any) Advice { return Advice{fmt.Sprintf(a.text, args...)} }

// String is the text.
func (a Advice) String() string { return a.text }

// Hints are the texts of all hints that this package and the packages around it
// give, verbs of package fmt included. A test can hold the flags that they name
// against those that the command line has.
func Hints() []string { return slices.Clone(hints) }

// hinted is an error that knows what the user can do about it.
type hinted struct {
	error
	advice Advice
}

// Unwrap is the error without the hint.
func (h *hinted) Unwrap() error { return h.error }

// Hint says what to do.
func (h *hinted) Hint() string { return h.advice.text }

// WithHint attaches an advice to an error. The zero advice changes nothing.
func WithHint(err error, a Advice) error {
	if err == nil || a == (Advice{}) {
		return err
	}
	return &hinted{error: err, advice: a}
}

// Hint is what the user can do about err, or "" if nothing is known. It reads the
// first error in err's chain that has a method Hint.
func Hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
