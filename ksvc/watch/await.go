package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// progress is how far something is that is waited for.
type progress struct {
	done bool
	// missing says what is not there yet, for people.
	missing string
	// err ends the waiting: it will not come.
	err error
	// again asks to be looked at after a while, even if nothing changes.
	again time.Duration
}

// lookAgain is how often a lost watch is looked at, so that a timeout names the
// latest reason why it did not come back.
const lookAgain = 5 * time.Second

// await looks whenever the signal fires until look says that it is done or will not
// come, or until limit has passed. look and signal are called with the lock held.
func (w *Watch) await(ctx context.Context, limit time.Duration, signal func() *feed.Signal, look func(now time.Duration) progress) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		w.mu.Lock()
		p := look(w.clock.Now())
		changed := signal().Next()
		w.mu.Unlock()
		if p.done || p.err != nil {
			return p.err
		}
		if err := feed.Pause(ctx, changed, p.again); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return &ksvc.TimeoutError{Waited: time.Since(began), Last: p.missing}
			}
			return err
		}
	}
}

// serviceChanged and revisionChanged are the signals to wait for.
func (w *Watch) serviceChanged(name string) func() *feed.Signal {
	return func() *feed.Signal { return &w.service(name).changed }
}

func (w *Watch) revisionChanged(name string) func() *feed.Signal {
	return func() *feed.Signal { return &w.revision(name).changed }
}

// AwaitReady returns when the service is Ready and its revision is at zero, with a
// target that lacks only the ingress' Address. A service that says that it failed,
// and still says so after a moment, makes it fail at once, with the reason.
//
// Ready says little about the image. At initial scale zero no pod is started, so an
// image that cannot be pulled, or a program that exits, shows at the first request
// only. That is what a discarded first round and AwaitTrouble are for.
func (w *Watch) AwaitReady(ctx context.Context, name string) (record.Target, error) {
	err := w.await(ctx, w.options.Ready, w.serviceChanged(name), func(now time.Duration) progress {
		return w.readiness(name, now)
	})
	if err != nil {
		err = fmt.Errorf("wait for service %s/%s to be ready: %w", w.client.Namespace, name, err)
		return record.Target{}, ksvc.WithHint(err, w.adviceOf(name))
	}
	t := w.target(name)
	return t, w.AwaitZero(ctx, t)
}

// AwaitInstances returns when the service is Ready and that many of its instances are,
// with a target that lacks only the ingress' Address.
func (w *Watch) AwaitInstances(ctx context.Context, name string, instances int) (record.Target, error) {
	err := w.await(ctx, w.options.Ready, w.serviceChanged(name), func(now time.Duration) progress {
		return w.readiness(name, now)
	})
	if err == nil {
		err = w.await(ctx, w.options.Ready, w.revisionChanged(w.target(name).Revision), func(time.Duration) progress {
			ready := 0
			for _, p := range w.pods {
				if p.service == name && p.readyNow {
					ready++
				}
			}
			_, trouble := w.troubleOf(name)
			return progress{done: ready >= instances, missing: phrase.Join(fmt.Sprintf("%d are", ready), trouble)}
		})
	}
	if err != nil {
		err = fmt.Errorf("wait for service %s/%s to have %d instances that are Ready: %w", w.client.Namespace, name, instances, err)
		return record.Target{}, ksvc.WithHint(err, w.adviceOf(name))
	}
	return w.target(name), nil
}

// readiness is how far a service is from being Ready.
func (w *Watch) readiness(name string, now time.Duration) progress {
	v := w.service(name)
	if g, down := w.gaps.down(feed.Services); down {
		return progress{missing: phrase.Join(g.String(), v.condition), again: lookAgain}
	}
	_, trouble := w.troubleOf(name)
	state := phrase.Join(v.condition, trouble)
	switch {
	case v.ready:
		return progress{done: true}
	case v.gone:
		return progress{err: errors.New("it was deleted")}
	case v.failed != 0:
		left := v.failed + w.options.failAfter - now
		if left <= 0 {
			return progress{err: errors.New(state)}
		}
		return progress{missing: v.condition, again: left}
	}
	return progress{missing: state}
}

// troubleOf is what keeps the pods of a service that is not Ready from starting,
// with words for people.
func (w *Watch) troubleOf(service string) (ksvc.Trouble, string) {
	for _, p := range w.pods {
		if p.service == service && !p.trouble.None() {
			return p.trouble, "pod " + p.name + ": " + p.trouble.Message
		}
	}
	return ksvc.Trouble{}, ""
}

// adviceOf is what to do about a service that does not become Ready. What its pods
// say is closer to the cause than what the service says.
func (w *Watch) adviceOf(service string) ksvc.Advice {
	w.mu.Lock()
	defer w.mu.Unlock()
	trouble, _ := w.troubleOf(service)
	if advice := trouble.Advice(); advice != (ksvc.Advice{}) {
		return advice
	}
	return w.service(service).trouble.Advice()
}

func (w *Watch) target(name string) record.Target {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.service(name)
	return record.Target{
		RuntimeClass: v.key.RuntimeClass, Variant: v.key.Variant, Namespace: w.client.Namespace, Service: name,
		Revision: v.revision, Host: v.host, Path: "/",
	}
}

// AwaitZero returns when the next request to the target is a cold start: no pod of
// its revision exists, Terminating ones included, its deployment asks for none, and
// requests are routed to the activator. While one of the watches that show this is
// down it is not known, so AwaitZero waits for the watch, too.
func (w *Watch) AwaitZero(ctx context.Context, t record.Target) error {
	err := w.await(ctx, w.options.Zero, w.revisionChanged(t.Revision), func(now time.Duration) progress {
		if g, down := w.gaps.down(feed.Pods, feed.Deployments, feed.Autoscalers, feed.Routing); down {
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

// endless is a limit for what only ctx ends.
const endless = 1000 * time.Hour

// AwaitTrouble returns an error as soon as it is clear that no instance of the target
// will become Ready: the image cannot be pulled, the container keeps exiting or
// cannot be created, the deployment may make no pods. It returns nil when ctx ends
// first. It runs beside a first request, so that a broken image fails within seconds
// instead of at the client's timeout.
func (w *Watch) AwaitTrouble(ctx context.Context, t record.Target) error {
	since := w.clock.Now()
	var found ksvc.Trouble
	err := w.await(ctx, endless, w.revisionChanged(t.Revision), func(time.Duration) progress {
		if found = w.revision(t.Revision).doom(since); found.None() {
			return progress{}
		}
		return progress{err: errors.New(found.Message)}
	})
	if found.None() || err == nil {
		return nil
	}
	return ksvc.WithHint(fmt.Errorf("start service %s/%s: %w", t.Namespace, t.Service, err), found.Advice())
}
