package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
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

// Stream keeps a feed listed and watched for as long as it runs. It differs from
// client-go's reflector in what a measurement needs: the arrival is stamped before
// anything else happens to the event, reconnecting starts at once, and every
// interval without a watch is reported.
//
//	list ── watch ─────────✕ connection lost, or 410 Gone
//	                       ├──────── down ────────┤
//	                                           list ── watch ─────
//
// It never resumes from the last version that it saw, although that would bring
// every change: they would arrive late, with nothing to tell them from changes
// that happen now. After a gap the state is read anew, and what it shows is known
// only to have happened since the gap began.
type Stream struct {
	Feed
	sink     Sink
	observer Observer
	now      func() time.Duration

	// heard is the last sign of life: an event, a bookmark, or the moment at which
	// the list was asked for.
	heard time.Duration
	// lost is when the gap began; it is negative before the first session.
	lost time.Duration
}

// NewStream makes a stream of a feed. The observer may be nil; now is the clock
// that arrivals are stamped with.
func NewStream(f Feed, sink Sink, observer Observer, now func() time.Duration) *Stream {
	if observer == nil {
		observer = nobody{}
	}
	return &Stream{Feed: f, sink: sink, observer: observer, now: now, lost: -1}
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Down(string, time.Duration, error) {}
func (nobody) StillDown(string, error)           {}
func (nobody) Up(string, time.Duration)          {}

// Connect lists, and opens the watch from there. Run then consumes it.
func (s *Stream) Connect(ctx context.Context) (watch.Interface, error) {
	asked := s.now()
	list, err := s.list(ctx, s.selector)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.Name, err)
	}
	at := s.now()
	objects, err := meta.ExtractList(list)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.Name, err)
	}
	version, err := meta.NewAccessor().ResourceVersion(list)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.Name, err)
	}
	o := s.selector
	seconds := int64(sessionTimeout / time.Second)
	o.ResourceVersion, o.TimeoutSeconds, o.AllowWatchBookmarks = version, &seconds, true
	w, err := s.watch(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", s.Name, err)
	}
	s.sink.Listed(objects, at, s.lost)
	s.heard = asked // the watch itself may turn out to be refused
	return w, nil
}

// Run consumes w, and then one watch after the other until ctx ends.
func (s *Stream) Run(ctx context.Context, w watch.Interface) {
	for w != nil {
		at, cause := s.consume(ctx, w)
		if ctx.Err() != nil {
			return
		}
		s.lost = at
		s.observer.Down(s.Name, at, cause)
		if w = s.reconnect(ctx); w != nil {
			s.observer.Up(s.Name, s.now())
		}
	}
}

// reconnect tries until it succeeds, or returns nil when ctx ends.
func (s *Stream) reconnect(ctx context.Context) watch.Interface {
	for pause := reconnectFirst; ; pause = min(2*pause, reconnectLast) {
		w, err := s.Connect(ctx)
		if err == nil {
			return w
		}
		s.observer.StillDown(s.Name, innermost(err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// innermost is the cause that an error was wrapped around.
func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

var errClosed = errors.New("the server closed it")

// consume delivers events until the watch ends, and says since when nothing is
// known: since the watch's last sign of life. Client-go does not tell whether the
// server closed a watch or its connection broke, maybe long after it fell silent.
func (s *Stream) consume(ctx context.Context, w watch.Interface) (time.Duration, error) {
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
				s.sink.Arrived(e.Type, e.Object, at)
			}
		}
	}
}
