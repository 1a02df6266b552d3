package ksvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// TimeoutError is returned for something that did not come about in time.
type TimeoutError struct {
	// Waited is for how long, Last the last state that was seen.
	Waited time.Duration
	Last   string
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("not after %v, last seen: %s", e.Waited.Round(100*time.Millisecond), e.Last)
}

// progress is the state of something awaited.
type progress struct {
	done bool
	// missing says what is not there yet, in words.
	missing string
	// err ends the waiting: it will not come.
	err error
	// again asks to be looked at after a while, even if nothing changes.
	again time.Duration
}

// lookAgain is how often a lost watch is looked at, so that a timeout names the
// last reason why it did not come back.
const lookAgain = 5 * time.Second

// await looks whenever s changes until it is done, fails, or limit has passed.
// look is called with the lock held.
func (w *Watch) await(ctx context.Context, limit time.Duration, s func() *signal, look func(now time.Duration) progress) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		w.mu.Lock()
		p := look(w.clock.Now())
		changed := s().wait()
		w.mu.Unlock()
		if p.done || p.err != nil {
			return p.err
		}
		if err := pause(ctx, changed, p.again); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return &TimeoutError{Waited: time.Since(began), Last: p.missing}
			}
			return err
		}
	}
}

// pause returns at a change, after a while if again is not zero, or with ctx's
// error.
func pause(ctx context.Context, changed <-chan struct{}, again time.Duration) error {
	var after <-chan time.Time
	if again > 0 {
		t := time.NewTimer(again)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-after:
	}
	return nil
}

// AwaitReady returns when the service is Ready and its revision is at zero, with
// a target that lacks only the ingress' Address. A service that says that it
// failed, and stays so for a moment, fails at once, with the reason.
//
// Ready says little about the image: at initial scale zero no pod is started, so
// an image that cannot be pulled, or exits, shows at the first request only.
// That is what a discarded first round and Diagnose are for.
func (w *Watch) AwaitReady(ctx context.Context, name string) (record.Target, error) {
	err := w.await(ctx, w.options.ReadyTimeout, func() *signal { return &w.service(name).changed }, func(now time.Duration) progress {
		return w.readiness(name, now)
	})
	if err != nil {
		err = fmt.Errorf("wait for service %s/%s to be ready: %w", w.client.Namespace, name, err)
		return record.Target{}, withHint(err, hintFor(err.Error()))
	}
	t := w.target(name)
	return t, w.AwaitZero(ctx, t)
}

func (w *Watch) readiness(name string, now time.Duration) progress {
	v := w.service(name)
	if g, down := w.gaps.down(watchedServices); down {
		return progress{missing: joined(g.String(), v.condition), again: lookAgain}
	}
	switch {
	case v.ready:
		return progress{done: true}
	case v.gone:
		return progress{err: errors.New("it was deleted")}
	case v.failed != 0:
		left := v.failed + w.options.FailAfter - now
		if left <= 0 {
			return progress{err: errors.New(joined(v.condition, w.troubleOf(name)))}
		}
		return progress{missing: v.condition, again: left}
	}
	return progress{missing: joined(v.condition, w.troubleOf(name))}
}

// troubleOf is why the pods of a service that is not Ready cannot start, or "".
func (w *Watch) troubleOf(service string) string {
	for _, p := range w.pods {
		if p.service == service && p.trouble != "" {
			return "pod " + p.name + ": " + p.trouble
		}
	}
	return ""
}

func (w *Watch) target(name string) record.Target {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.service(name)
	return record.Target{
		RuntimeClass: v.class, Variant: v.variant, Namespace: w.client.Namespace, Service: name,
		Revision: v.revision, Host: v.host, Path: "/",
	}
}

// AwaitZero returns when the next request to the target is a cold start: no pod
// of its revision exists, Terminating ones included, its deployment asks for
// none, and requests are routed to the activator. While one of the watches that
// show this is down it is not known, so AwaitZero waits for the watch, too.
func (w *Watch) AwaitZero(ctx context.Context, t record.Target) error {
	err := w.await(ctx, w.options.ZeroTimeout, func() *signal { return &w.revision(t.Revision).changed }, func(now time.Duration) progress {
		if g, down := w.gaps.down(watchedPods, watchedDeployments, watchedAutoscalers, watchedRouting); down {
			return progress{missing: g.String(), again: lookAgain}
		}
		missing := w.revision(t.Revision).awaitsZero(now)
		return progress{done: missing == "", missing: missing}
	})
	if err != nil {
		return fmt.Errorf("wait for service %s/%s to scale to zero: %w", t.Namespace, t.Service, err)
	}
	return nil
}
