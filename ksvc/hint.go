package ksvc

import "errors"

// hinted is an error that knows what the user can do about it.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint says what to do, as a sentence without a full stop.
func (h *hinted) Hint() string { return h.hint }

// withHint attaches a hint to err; an empty one changes nothing.
func withHint(err error, hint string) error {
	if err == nil || hint == "" {
		return err
	}
	return &hinted{error: err, hint: hint}
}

// Hint is what the user can do about err, or "" if nothing is known. It reads
// any error in err's chain that has a Hint method.
func Hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
