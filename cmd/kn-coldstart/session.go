package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// session is one run against a cluster, from the checks to the removal of what
// was created:
//
//	open ── checks, run file, watches
//	startTraces ── Knative reports traces, if asked for
//	deploy ── services created, Ready, at zero, reachable
//	(the experiment)
//	close ── last line written, everything removed and restored
type session struct {
	client  *ksvc.Client
	clock   record.Clock
	header  record.Header
	path    string
	writer  *record.Writer
	watch   *ksvc.Watch
	ingress ksvc.Ingress
	traces  *traces
	// maxTimeout is the longest that the cluster lets a revision take.
	maxTimeout time.Duration
	deployed   int // services that may exist
	targets    []record.Target
}

// plan is what a session needs to know to open.
type plan struct {
	command  string
	shape    record.Shape
	classes  []record.Class
	settings any
	run      runFlags
	checks   ksvc.CheckOptions
	timeouts ksvc.WatchOptions
}

// open checks the cluster, begins the run file and arms the watches. Nothing is
// created in the cluster.
func open(ctx context.Context, client *ksvc.Client, p plan) (*session, error) {
	sayStep("checking the cluster at %s", client.Server)
	p.checks.IngressAddress = p.run.cluster.ingressAddress
	checks := client.Preflight(ctx, p.checks)
	printWarnings(checks)
	if err := ksvc.FailedChecks(checks); err != nil {
		return nil, err
	}
	s := &session{client: client, clock: record.NewClock()}
	if err := s.describe(ctx, p); err != nil {
		return nil, err
	}
	s.path = p.run.runFile
	if s.path == "" {
		s.path = filepath.Join("results", s.header.RunID+".jsonl")
	}
	var err error
	if s.writer, err = record.Create(s.path, s.header); err != nil {
		return nil, err
	}
	p.timeouts.OnEvent = s.event
	if s.watch, err = client.StartWatch(ctx, s.header.RunID, s.clock, p.timeouts); err != nil {
		return nil, errors.Join(err, s.writer.End(s.clock.Now(), record.EndFailed, err))
	}
	return s, nil
}

// describe fills in the header.
func (s *session) describe(ctx context.Context, p plan) error {
	var err error
	if s.maxTimeout, err = s.client.MaxRevisionTimeout(ctx); err != nil {
		return err
	}
	if s.ingress, err = s.client.FindIngress(ctx, "", p.checks.IngressAddress); err != nil {
		return err
	}
	settings, err := recorded(p.settings)
	if err != nil {
		return err
	}
	s.header = record.Header{
		RunID: newRunID(s.clock.Start()), Tool: tool(), Command: p.command, Shape: p.shape, Settings: settings,
		Classes: p.classes, Seed: p.run.seed, Started: s.clock.Start(),
	}
	if s.header.Cluster, err = s.client.Fingerprint(ctx, s.ingress); err != nil {
		sayWarning("the cluster's fingerprint is incomplete: %v", err)
	}
	handlers, err := s.client.Handlers(ctx)
	for i := range s.header.Classes {
		s.header.Classes[i].Handler = handlers[s.header.Classes[i].Name]
	}
	return err
}

// newRunID sorts by time and is a valid label.
func newRunID(started time.Time) string {
	random := make([]byte, 3)
	_, _ = rand.Read(random) // it never fails
	return started.UTC().Format("20060102-150405-") + hex.EncodeToString(random)
}

// event writes an event down. Failing to is reported once the run ends, with the
// samples that cannot be written either.
func (s *session) event(e record.Event) {
	if err := s.writer.Event(e); err != nil {
		sayWarning("%v", err)
	}
}

// deploy creates the services and returns them as targets once each is Ready, at
// zero and reachable through the ingress.
func (s *session) deploy(ctx context.Context, services []templates.Service) ([]record.Target, error) {
	s.deployed += len(services)
	progress := newProgress("creating services")
	err := s.client.CreateAll(ctx, s.header.RunID, services, ksvc.CreateOptions{Progress: progress.update})
	if err != nil {
		return nil, err
	}
	s.tellDeployed(record.EventServicesCreated, len(services), "%d services created in %.1f s", len(services), time.Since(progress.start).Seconds())
	began := progress.start
	progress = newProgress("waiting until they are Ready and at zero")
	targets := make([]record.Target, len(services))
	errs := make([]error, len(services))
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i, service := range services {
		wg.Go(func() {
			if targets[i], errs[i] = s.await(ctx, service.Name); errs[i] != nil {
				cancel()
				return
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			progress.update(done, len(services))
		})
	}
	wg.Wait()
	if err := firstCause(errs); err != nil {
		return nil, err
	}
	s.tellDeployed(record.EventServicesReady, len(services), "all Ready and at zero after %.1f s", time.Since(began).Seconds())
	s.targets = append(s.targets, targets...)
	return targets, nil
}

// tellDeployed writes down how long a step of the deployment took.
func (s *session) tellDeployed(kind record.Kind, n int, format string, args ...any) {
	s.event(record.Event{At: s.clock.Now(), Kind: kind, Value: float64(n), Message: fmt.Sprintf(format, args...)})
}

// firstCause prefers an error that is not the echo of another's cancellation.
func firstCause(errs []error) error {
	var echo error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		echo = errors.Join(echo, err)
	}
	if echo != nil {
		return context.Canceled
	}
	return nil
}

func (s *session) await(ctx context.Context, name string) (record.Target, error) {
	t, err := s.watch.AwaitReady(ctx, name)
	if err != nil {
		return t, err
	}
	t.Address = s.ingress.Address
	return t, ksvc.AwaitRoute(ctx, t)
}

// errNothingMeasured is a run that was completed for nothing.
var errNothingMeasured = errors.New("no sample was an answered cold start: see the table and 'kn-coldstart doctor'")

// close writes the last line, removes what was created and restores what was
// changed, also when ctx has ended. It returns cause with whatever else went wrong.
func (s *session) close(ctx context.Context, cause error) error {
	reason := record.EndCompleted
	switch {
	case ctx.Err() != nil:
		reason = record.EndInterrupted
	case cause != nil && !errors.Is(cause, errNothingMeasured):
		reason = record.EndFailed
	}
	s.watch.Stop()
	errs := []error{cause, s.traces.finish(ctx), s.writer.End(s.clock.Now(), reason, cause)}
	if s.deployed > 0 {
		progress := newProgress("removing what was created")
		_, err := s.client.Delete(context.WithoutCancel(ctx), ksvc.DeleteOptions{
			Run: s.header.RunID, Progress: progress.update,
		})
		errs = append(errs, err)
	}
	errs = append(errs, s.traces.restore(ctx, s.client))
	return errors.Join(errs...)
}

// guard watches over a run until each class has answered once.
type guard struct {
	ctx      context.Context
	fail     context.CancelCauseFunc
	released map[record.Key]context.CancelFunc // by class
}

// newGuard makes a context that ends with the reason as soon as it is clear that
// no instance of a class will become ready. What once ran may fail for other
// reasons, and that is data.
func (s *session) newGuard(ctx context.Context, targets []record.Target) *guard {
	g := &guard{released: map[record.Key]context.CancelFunc{}}
	g.ctx, g.fail = context.WithCancelCause(ctx)
	for _, t := range targets {
		class := t.Key()
		if g.released[class] != nil {
			continue
		}
		waiting, cancel := context.WithCancel(g.ctx)
		g.released[class] = cancel
		go func() {
			if err := s.watch.AwaitTrouble(waiting, t); err != nil {
				g.fail(fmt.Errorf("RuntimeClass %s: %w", class, err))
			}
		}()
	}
	return g
}

// reason is why an experiment under guard ended: what the guard saw, if anything,
// else what the experiment says itself.
func (g *guard) reason(err error) error {
	if cause := context.Cause(g.ctx); cause != nil {
		return cause
	}
	return err
}

// release ends the guard over a class, stop all of it.
func (g *guard) release(class record.Key) { g.released[class]() }
func (g *guard) stop()                    { g.fail(nil) }
