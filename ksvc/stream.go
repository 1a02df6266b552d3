package ksvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// sessionTimeout is how long the API server is asked to keep a watch open.
	// Left to itself it closes each after 30 to 60 minutes, which would put gaps
	// into a long run.
	sessionTimeout = 12 * time.Hour

	reconnectFirst = 50 * time.Millisecond
	reconnectLast  = 2 * time.Second
)

// source is one resource type, with the selector that picks the run's objects.
type source struct {
	name     string
	selector metav1.ListOptions
	list     func(context.Context, metav1.ListOptions) (runtime.Object, error)
	watch    func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// sink receives what a stream sees, stamped on arrival. listed brings the whole
// state after a gap that began at since, which is negative for the first list.
type sink interface {
	listed(objects []runtime.Object, at, since time.Duration)
	arrived(kind watch.EventType, object runtime.Object, at time.Duration)
}

// stream keeps a source listed and watched for as long as it runs. It differs
// from client-go's reflector in what a measurement needs: the arrival is stamped
// before anything else happens to the event, reconnecting starts at once, and
// every interval without a watch is reported.
//
//	list ── watch ─────────✕ connection lost, or 410 Gone
//	                       ├──────── down ────────┤
//	                                           list ── watch ─────
//
// It never resumes from the last version that it saw, although that would bring
// every change: they would arrive late, with nothing to tell them from changes
// that happen now. After a gap the state is read anew, and what it shows is known
// only to have happened since the gap began.
type stream struct {
	source
	sink
	now func() time.Duration
	tell

	heard time.Duration // last sign of life: an event, a bookmark, or the list's being asked for
	lost  time.Duration // start of the gap, negative before the first session
}

// tell is whom a stream tells that it lost its watch, could not get a new one,
// and has one again.
type tell struct {
	down  func(name string, at time.Duration, cause error)
	again func(name string, cause error)
	up    func(name string, at time.Duration)
}

// connect lists, and opens the watch from there.
func (s *stream) connect(ctx context.Context) (watch.Interface, error) {
	asked := s.now()
	list, err := s.list(ctx, s.selector)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.name, err)
	}
	at := s.now()
	objects, err := meta.ExtractList(list)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.name, err)
	}
	version, err := meta.NewAccessor().ResourceVersion(list)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.name, err)
	}
	o := s.selector
	seconds := int64(sessionTimeout / time.Second)
	o.ResourceVersion, o.TimeoutSeconds, o.AllowWatchBookmarks = version, &seconds, true
	w, err := s.watch(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", s.name, err)
	}
	s.listed(objects, at, s.lost)
	s.heard = asked // the watch itself may turn out to be refused
	return w, nil
}

// run consumes w, and then one watch after the other until ctx ends.
func (s *stream) run(ctx context.Context, w watch.Interface) {
	for w != nil {
		at, cause := s.consume(ctx, w)
		if ctx.Err() != nil {
			return
		}
		s.lost = at
		s.down(s.name, at, cause)
		if w = s.reconnect(ctx); w != nil {
			s.up(s.name, s.now())
		}
	}
}

// reconnect tries until it succeeds, or returns nil when ctx ends.
func (s *stream) reconnect(ctx context.Context) watch.Interface {
	for pause := reconnectFirst; ; pause = min(2*pause, reconnectLast) {
		w, err := s.connect(ctx)
		if err == nil {
			return w
		}
		s.again(s.name, cause(err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

var errClosed = errors.New("the server closed it")

// consume delivers events until the watch ends, and says since when nothing is
// known: since its last sign of life. Client-go does not tell a watch that the
// server closed from one whose connection broke, maybe long after it fell silent.
func (s *stream) consume(ctx context.Context, w watch.Interface) (time.Duration, error) {
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.now(), ctx.Err()
		case e, open := <-w.ResultChan():
			at := s.now()
			if !open {
				return s.heard, errClosed
			}
			if e.Type == watch.Error {
				return s.heard, apierrors.FromObject(e.Object)
			}
			s.heard = at
			if e.Type != watch.Bookmark {
				s.arrived(e.Type, e.Object, at)
			}
		}
	}
}
