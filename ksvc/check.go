package ksvc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Verdict is what a check found.
type Verdict string

// The verdicts. A failure keeps a run from starting; a warning makes its numbers
// mean something else than one may think.
const (
	Pass Verdict = "ok"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
	// Unread says that what the check is about could not be read.
	Unread Verdict = "not readable"
)

// Check is the result of looking at one thing.
type Check struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Message string  `json:"message"`
	// Hint says what to do; empty if nothing need be done.
	Hint string `json:"hint,omitempty"`
}

// CheckOptions say what a run needs.
type CheckOptions struct {
	// Classes are the RuntimeClasses under test.
	Classes []string
	// ClientTimeout is how long the client would wait for an answer.
	ClientTimeout time.Duration
	// IngressAddress overrides the search for the ingress.
	IngressAddress string
	// Traces asks for the permission to switch tracing on.
	Traces bool
}

// survey is one pass of checks over a cluster. It reads each setting once.
type survey struct {
	*Client
	options CheckOptions
	configs map[string]configRead
}

type configRead struct {
	data map[string]string
	err  error
}

// check is one thing to look at. A vital one that fails makes the others
// pointless.
type check struct {
	name  string
	vital bool
	look  func(context.Context, *survey) Check
}

// run looks at everything in order, and stops after a vital failure.
func (s *survey) run(ctx context.Context, checks []check) []Check {
	var found []Check
	for _, c := range checks {
		result := c.look(ctx, s)
		result.Name = c.name
		found = append(found, result)
		if c.vital && result.Verdict == Fail {
			break
		}
	}
	return found
}

// setting is the value of a key of one of Knative's ConfigMaps, or Knative's
// default for it.
func (s *survey) setting(ctx context.Context, configMap, key, fallback string) (string, error) {
	read, known := s.configs[configMap]
	if !known {
		read.data, read.err = s.config(ctx, configMap)
		s.configs[configMap] = read
	}
	if read.err != nil {
		return "", read.err
	}
	if value, set := read.data[key]; set {
		return value, nil
	}
	return fallback, nil
}

func ok(format string, args ...any) Check {
	return Check{Verdict: Pass, Message: fmt.Sprintf(format, args...)}
}

func warn(hint, format string, args ...any) Check {
	return Check{Verdict: Warn, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func fail(hint, format string, args ...any) Check {
	return Check{Verdict: Fail, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func unread(err error) Check {
	return Check{Verdict: Unread, Message: err.Error()}
}

// FailedChecks is an error that names every failed check, with the first one's
// hint, or nil.
func FailedChecks(checks []Check) error {
	var errs []error
	hint := ""
	for _, c := range checks {
		if c.Verdict != Fail {
			continue
		}
		errs = append(errs, fmt.Errorf("check %s: %s", c.Name, c.Message))
		if hint == "" {
			hint = c.Hint
		}
	}
	return withHint(errors.Join(errs...), hint)
}
