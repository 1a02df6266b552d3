// Package check looks at a cluster and changes nothing: whether it has what a run
// needs, which of its settings move the numbers, and what tells it from others.
package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// Survey runs the checks that a run needs and reads what a run has to know. Its error
// names the checks that failed, with a hint; the checks are returned even then. What
// cannot be read of the cluster's fingerprint is a check that warns.
func Survey(ctx context.Context, c *ksvc.Client, n record.Needs) (record.Survey, error) {
	r := newReader(c, n)
	found := record.Survey{Checks: r.run(ctx, r.preflight())}
	if err := Failed(found.Checks); err != nil {
		return found, err
	}
	var err error
	if found.Services, err = r.describeServices(ctx); err != nil {
		return found, err
	}
	if found.Cluster, err = r.fingerprint(ctx); err != nil {
		lacks := strings.ReplaceAll(err.Error(), "\n", "; ")
		found.Checks = append(found.Checks, named("fingerprint", warn(ksvc.Advice{}, "the cluster's fingerprint is incomplete: %s", lacks)))
	}
	if found.GracePeriod, err = r.gracePeriod(ctx); err != nil {
		found.Checks = append(found.Checks, named("scale-to-zero-grace-period", unread(err)))
	}
	found.MaxRevisionTimeout, _ = r.maxRevisionTimeout(ctx) // a check has told why it cannot be read
	found.Handlers = r.handlers(ctx)
	found.ImageBytes = r.imageBytes(ctx)
	found.IngressAddress = r.address(ctx)
	return found, nil
}

// Doctor looks at everything that Survey does, and at the settings that move the
// numbers.
func Doctor(ctx context.Context, c *ksvc.Client, n record.Needs) []record.Check {
	r := newReader(c, n)
	return r.run(ctx, slices.Concat(r.preflight(), settings))
}

// check is one thing to look at. If a vital one fails, the others are pointless.
type check struct {
	name  string
	vital bool
	look  func(context.Context, *reader) record.Check
}

// limit bounds one check. The API server has answered before, but it may fall silent,
// and an ingress may have many addresses to try.
const limit = 30 * time.Second

// run looks at everything in order, and stops after a vital failure.
func (r *reader) run(ctx context.Context, checks []check) []record.Check {
	var found []record.Check
	for _, c := range checks {
		bounded, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %v", limit))
		result := named(c.name, c.look(bounded, r))
		cancel()
		found = append(found, result)
		if c.vital && result.Verdict == record.CheckFail {
			break
		}
	}
	return found
}

func named(name string, c record.Check) record.Check {
	c.Name = name
	return c
}

func ok(format string, args ...any) record.Check {
	return record.Check{Verdict: record.CheckOK, Message: fmt.Sprintf(format, args...)}
}

func warn(a ksvc.Advice, format string, args ...any) record.Check {
	return record.Check{Verdict: record.CheckWarn, Message: fmt.Sprintf(format, args...), Hint: a.String()}
}

func fail(a ksvc.Advice, format string, args ...any) record.Check {
	return record.Check{Verdict: record.CheckFail, Message: fmt.Sprintf(format, args...), Hint: a.String()}
}

// failed is a check that ended with an error, which may have a hint.
func failed(err error) record.Check {
	return record.Check{Verdict: record.CheckFail, Message: err.Error(), Hint: ksvc.Hint(err)}
}

func unread(err error) record.Check {
	return record.Check{Verdict: record.CheckUnread, Message: err.Error()}
}

// failedError names failed checks and has the first one's hint.
type failedError struct {
	error
	hint string
}

// Unwrap is the error without the hint.
func (e *failedError) Unwrap() error { return e.error }

// Hint says what to do.
func (e *failedError) Hint() string { return e.hint }

// Failed is an error that names every failed check, with the first one's hint. It is
// nil if none failed.
func Failed(checks []record.Check) error {
	var errs []error
	hint := ""
	for _, c := range checks {
		if c.Verdict != record.CheckFail {
			continue
		}
		errs = append(errs, fmt.Errorf("check %s: %s", c.Name, c.Message))
		if hint == "" {
			hint = c.Hint
		}
	}
	if errs == nil {
		return nil
	}
	return &failedError{errors.Join(errs...), hint}
}
