// Package watch sees what becomes of a run's services and instances, and proves
// with it.
//
// Its stance: the cluster is observed, never asked twice. One watch per resource
// type, selected by the run's label or the names of the services, serves the whole run,
// however many services it has. Each event is stamped on the run's clock when it
// arrives. Waiting, the proof that a start was cold, and the phases of a start are read
// from what was stamped. An interval in which a watch was down is remembered as a gap:
// what happened in it is unknown, not assumed.
//
// Words: an instance is a pod of a revision, and its stage is how far it has come. The
// source of a phase is what was read to know it. To prove a sample is to say whether it
// was a cold start, and who answered it.
package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// Defaults of options. A stable window, which is what a wait for zero is longest
// about, may well be 5 minutes.
const (
	defaultReady     = 5 * time.Minute
	defaultZero      = 10 * time.Minute
	defaultCatchUp   = 5 * time.Second
	defaultFailAfter = 3 * time.Second
	// A queue-proxy's batches leave every 5 s.
	defaultSpanDelay = 7 * time.Second
)

// noTime is for what the API has no timestamp of.
var noTime metav1.Time

// options are how long a Watch waits for what. Zero means the default.
type options struct {
	record.Patience
	// catchUp bounds how long Prove waits for the watch.
	catchUp time.Duration
	// spanDelay is how long after an answer that names no pod its span is waited for.
	spanDelay time.Duration
	// failAfter is how long a service may say that it failed before it is believed.
	// Conditions pass through False on their way.
	failAfter time.Duration
}

func (o options) withDefaults() options {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&o.Ready, defaultReady)
	set(&o.Zero, defaultZero)
	set(&o.catchUp, defaultCatchUp)
	set(&o.failAfter, defaultFailAfter)
	set(&o.spanDelay, defaultSpanDelay)
	return o
}

// Watch is what a run sees of the cluster: the history of each service and revision,
// stamped on the run's clock. It is what an experiment waits and proves with.
type Watch struct {
	client  *ksvc.Client
	scope   scope
	clock   record.Clock
	options options

	stop    context.CancelFunc
	streams sync.WaitGroup
	mailbox *mailbox

	mu        sync.Mutex
	revisions map[string]*revision
	services  map[string]*service
	// pods are those that exist, and finished those that the API still has although
	// they can run nothing any more.
	pods     map[types.UID]*pod
	finished map[types.UID]bool
	early    early
	traced   traced
	gaps     gaps
	signs    signs
	all      record.InstanceCount
	classes  map[record.Key]*record.InstanceCount
	images   map[string]string // image id by service
	// componentsDown are Knative's deployments that lack instances.
	componentsDown map[string]bool
	// nodesTroubled are the conditions, as NODE/TYPE, that speak against a node.
	nodesTroubled map[string]bool
}

// Start arms all watches of a run and returns once they are: what happens from then
// on is seen. It fails if one of them cannot be opened. emit is given events in
// order, from one goroutine, and does not delay the watches; it may be nil. Stop
// ends the watch.
func Start(ctx context.Context, c *ksvc.Client, run string, clock record.Clock, p record.Patience, emit func(record.Event)) (*Watch, error) {
	return start(ctx, c, ofRun(run), clock, p, emit)
}

// StartExisting is Start for services that existed before the run.
func StartExisting(ctx context.Context, c *ksvc.Client, services []record.ExistingService, clock record.Clock, p record.Patience, emit func(record.Event)) (*Watch, error) {
	return start(ctx, c, ofExisting(services), clock, p, emit)
}

func start(ctx context.Context, c *ksvc.Client, s scope, clock record.Clock, p record.Patience, emit func(record.Event)) (*Watch, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	w := newWatch(c, s, clock, options{Patience: p}, emit)
	err := c.Reach(ctx)
	if err == nil {
		err = w.arm(ctx)
	}
	if err != nil {
		w.Stop()
		return nil, fmt.Errorf("watch namespace %s: %w", c.Namespace, err)
	}
	return w, nil
}

func newWatch(c *ksvc.Client, s scope, clock record.Clock, o options, emit func(record.Event)) *Watch {
	return &Watch{
		client: c, scope: s, clock: clock, options: o.withDefaults(), mailbox: newMailbox(emit), stop: func() {},
		revisions: map[string]*revision{}, services: map[string]*service{}, pods: map[types.UID]*pod{}, finished: map[types.UID]bool{}, signs: signs{},
		classes: map[record.Key]*record.InstanceCount{}, images: map[string]string{},
		componentsDown: map[string]bool{}, nodesTroubled: map[string]bool{},
	}
}

// armLimit bounds how long the API server may take to open all watches. It has
// answered before, but there may be much to list.
const armLimit = 20 * time.Second

// arm opens all watches at once. They live until Stop, not until ctx ends: a run
// that is interrupted still watches what it removes.
func (w *Watch) arm(ctx context.Context) error {
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = cancel
	opening, done := context.WithTimeoutCause(ctx, armLimit, fmt.Errorf("not open within %v", armLimit))
	defer done()
	group, opening := errgroup.WithContext(opening)
	for _, each := range w.feeds() {
		s := feed.NewStream(each.feed, each.sink, w, w.clock.Now)
		group.Go(func() error {
			first, err := connectWithin(opening, background, s)
			if err == nil {
				w.streams.Go(func() { s.Run(background, first) })
			}
			return err
		})
	}
	return group.Wait()
}

// connectWithin opens a stream that outlives ctx, but gives up with it.
func connectWithin(ctx, background context.Context, s *feed.Stream) (watch.Interface, error) {
	session, cancel := context.WithCancel(background)
	unhook := context.AfterFunc(ctx, cancel)
	first, err := s.Connect(session)
	if !unhook() && err != nil {
		return nil, fmt.Errorf("watch %s: %w", s.Name, context.Cause(ctx))
	}
	if err != nil {
		cancel()
		return nil, err
	}
	context.AfterFunc(background, cancel)
	return first, nil
}

// Stop ends the watches, and returns when every event was emitted.
func (w *Watch) Stop() {
	w.stop()
	w.streams.Wait()
	w.mailbox.close()
}

// Heard implements feed.Observer.
func (w *Watch) Heard(name string, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signs[name] = at
}

// Down implements feed.Observer.
func (w *Watch) Down(name string, at time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gaps.open(name, at, cause)
	w.emit(record.Event{At: at, Kind: record.EventWatchDown, Watched: name, Message: fmt.Sprintf("%s: %v", name, cause)})
	w.wakeAll()
}

// StillDown implements feed.Observer.
func (w *Watch) StillDown(name string, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gaps.lasts(name, cause)
}

// Up implements feed.Observer.
func (w *Watch) Up(name string, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	over := w.gaps.close(name, at)
	w.emit(record.Event{At: at, Kind: record.EventWatchUp, Watched: name, Message: fmt.Sprintf("%s: was down for %v, at last because: %v",
		name, (over.to - over.from).Round(time.Millisecond), over.cause)})
	w.wakeAll()
}

// LostWithin says whether one of the watches was down at any time in the last while. The
// API server may have restarted.
func (w *Watch) LostWithin(while time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gaps.since(w.clock.Now() - while)
}

// wakeAll wakes everyone who waits, because all depends on the watches.
func (w *Watch) wakeAll() {
	for _, r := range w.revisions {
		r.changed.Fire()
	}
	for _, v := range w.services {
		v.changed.Fire()
	}
}

// emit queues an event; w.mu is held.
func (w *Watch) emit(e record.Event) {
	e.Type = record.TypeEvent
	w.mailbox.put(e)
}

// revision is the history of a revision. It begins when the revision is first asked
// for; w.mu is held.
func (w *Watch) revision(name string) *revision {
	r := w.revisions[name]
	if r == nil {
		r = &revision{name: name}
		w.revisions[name] = r
	}
	return r
}

// service is the state of a service, as far as it was seen; w.mu is held.
func (w *Watch) service(name string) *service {
	v := w.services[name]
	if v == nil {
		v = &service{name: name, condition: "not seen yet"}
		w.services[name] = v
	}
	return v
}

// ImageID is the image of the user's container that the kubelet last ran for a
// service, as in the pod's status. It is "" before the service's first instance ran.
func (w *Watch) ImageID(service string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.images[service]
}
