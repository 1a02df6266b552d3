package ksvc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Defaults of WatchOptions.
const (
	defaultReadyTimeout = 5 * time.Minute
	defaultZeroTimeout  = 10 * time.Minute
	defaultCatchUp      = 5 * time.Second
	defaultFailAfter    = 3 * time.Second
)

var noTime metav1.Time

// WatchOptions are how long a Watch waits for what. Zero means the default.
type WatchOptions struct {
	// ReadyTimeout bounds AwaitReady; 5 minutes by default.
	ReadyTimeout time.Duration
	// ZeroTimeout bounds AwaitZero; 10 minutes by default, as the stable window
	// may well be 5.
	ZeroTimeout time.Duration
	// CatchUp bounds how long Prove waits for the watch; 5 s by default.
	CatchUp time.Duration
	// FailAfter is how long a service may say that it failed before it is
	// believed; 3 s by default. Conditions pass through False on their way.
	FailAfter time.Duration
	// OnEvent is told of instances and of watches that went down. It is called
	// from one goroutine, in order, and does not delay the watches.
	OnEvent func(record.Event)
}

func (o WatchOptions) withDefaults() WatchOptions {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&o.ReadyTimeout, defaultReadyTimeout)
	set(&o.ZeroTimeout, defaultZeroTimeout)
	set(&o.CatchUp, defaultCatchUp)
	set(&o.FailAfter, defaultFailAfter)
	return o
}

// Watch is what a run sees of the cluster: one watch per resource type for all
// of the run's services, and the history of each revision stamped on the run's
// clock. It is what an experiment waits and proves with.
type Watch struct {
	client  *Client
	run     string
	clock   record.Clock
	options WatchOptions

	stop    context.CancelFunc
	streams sync.WaitGroup
	mailbox *mailbox

	mu        sync.Mutex
	revisions map[string]*revision
	services  map[string]*service
	pods      map[types.UID]*pod // those that exist
	early     early
	gaps      gaps
	all       Instances
	classes   map[string]*Instances
	images    map[string]string // image id by service
	// componentsDown are Knative's deployments that lack instances.
	componentsDown map[string]bool
	// nodesTroubled are the conditions, as NODE/TYPE, that speak against a node.
	nodesTroubled map[string]bool
}

// StartWatch arms all watches and returns once they are: what happens from then
// on is seen. It fails if one of them cannot be opened. Stop ends it.
func (c *Client) StartWatch(ctx context.Context, run string, clock record.Clock, o WatchOptions) (*Watch, error) {
	if err := validateRun(run); err != nil {
		return nil, err
	}
	w := newWatch(c, run, clock, o)
	if err := w.arm(ctx); err != nil {
		w.Stop()
		return nil, fmt.Errorf("watch namespace %s: %w", c.Namespace, err)
	}
	return w, nil
}

func newWatch(c *Client, run string, clock record.Clock, o WatchOptions) *Watch {
	return &Watch{
		client: c, run: run, clock: clock, options: o.withDefaults(), mailbox: newMailbox(o.OnEvent), stop: func() {},
		revisions: map[string]*revision{}, services: map[string]*service{}, pods: map[types.UID]*pod{},
		classes: map[string]*Instances{}, images: map[string]string{},
		componentsDown: map[string]bool{}, nodesTroubled: map[string]bool{},
	}
}

// arm opens all watches at once. They live until Stop, not until ctx ends: a run
// that is interrupted still watches what it cleans up.
func (w *Watch) arm(ctx context.Context) error {
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = cancel
	sources := w.sources()
	errs := make([]error, len(sources))
	var armed sync.WaitGroup
	for i, each := range sources {
		s := &stream{source: each.source, sink: each.sink, now: w.clock.Now, tell: tell{w.streamDown, w.streamAgain, w.streamUp}, lost: -1}
		armed.Go(func() {
			first, err := connectWithin(ctx, background, s)
			if err != nil {
				errs[i] = err
				return
			}
			w.streams.Go(func() { s.run(background, first) })
		})
	}
	armed.Wait()
	return errors.Join(errs...)
}

// connectWithin opens a stream that outlives ctx, but gives up with it.
func connectWithin(ctx, background context.Context, s *stream) (watch.Interface, error) {
	session, cancel := context.WithCancel(background)
	unhook := context.AfterFunc(ctx, cancel)
	first, err := s.connect(session)
	if !unhook() && err != nil {
		return nil, errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	context.AfterFunc(background, cancel)
	return first, nil
}

// Stop ends the watches, and returns when every event was told.
func (w *Watch) Stop() {
	w.stop()
	w.streams.Wait()
	w.mailbox.close()
}

func (w *Watch) streamDown(name string, at time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gaps.open(name, at, cause)
	w.emit(record.Event{At: at, Kind: record.EventWatchDown, Watched: name, Message: fmt.Sprintf("%s: %v", name, cause)})
	w.wakeAll()
}

func (w *Watch) streamAgain(name string, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gaps.lasts(name, cause)
}

func (w *Watch) streamUp(name string, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	over := w.gaps.close(name, at)
	w.emit(record.Event{At: at, Kind: record.EventWatchUp, Watched: name, Message: fmt.Sprintf("%s: was down for %v, at last because: %v",
		name, (over.to - over.from).Round(time.Millisecond), over.cause)})
	w.wakeAll()
}

func (w *Watch) wakeAll() {
	for _, r := range w.revisions {
		r.changed.fire()
	}
	for _, v := range w.services {
		v.changed.fire()
	}
}

// emit queues an event; w.mu is held.
func (w *Watch) emit(e record.Event) {
	e.Type = record.TypeEvent
	w.mailbox.put(e)
}

// revision is the history of a revision, begun when it is first asked for; w.mu
// is held. So is it for service.
func (w *Watch) revision(name string) *revision {
	r := w.revisions[name]
	if r == nil {
		r = &revision{name: name}
		w.revisions[name] = r
	}
	return r
}

func (w *Watch) service(name string) *service {
	v := w.services[name]
	if v == nil {
		v = &service{name: name, condition: "not seen yet"}
		w.services[name] = v
	}
	return v
}

// ImageID is the image that the kubelet last ran for a service, as in the pod's
// status, or "" before its first instance ran.
func (w *Watch) ImageID(service string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.images[service]
}
