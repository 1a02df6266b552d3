package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// silenceLimit is how long a watch may bring nothing. An API server sends a bookmark
	// about each minute, so that a longer silence is that of a broken connection, of which
	// TCP tells minutes later.
	silenceLimit = 90 * time.Second

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
// A watch that falls silent is lost, too, if the API server is known to send bookmarks.
// Where it sends none, see renew.
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
	// known are the versions of the objects that the list and the watch brought.
	known versions
	// bookmarks says that the API server sends them.
	bookmarks bool
	// lost is when the gap began; it is negative before the first session.
	lost time.Duration
}

// NewStream makes a stream of a feed. The observer may be nil; now is the clock
// that arrivals are stamped with.
func NewStream(f Feed, sink Sink, observer Observer, now func() time.Duration) *Stream {
	if observer == nil {
		observer = nobody{}
	}
	return &Stream{Feed: f, sink: sink, observer: observer, now: now, known: versions{}, lost: -1}
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Heard(string, time.Duration)       {}
func (nobody) Down(string, time.Duration, error) {}
func (nobody) StillDown(string, error)           {}
func (nobody) Up(string, time.Duration)          {}

// hear takes in a sign of life.
func (s *Stream) hear(at time.Duration) {
	s.heard = at
	s.observer.Heard(s.Name, at)
}

// Run consumes w, and then one watch after the other until ctx ends.
func (s *Stream) Run(ctx context.Context, w watch.Interface) {
	for w != nil {
		at, cause := s.consume(ctx, w)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(cause, errSilent) && !s.bookmarks {
			if w = s.renew(ctx); w != nil || ctx.Err() != nil {
				continue
			}
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

var (
	errClosed = errors.New("the server closed it")
	errSilent = fmt.Errorf("it was silent for %v", silenceLimit)
)

// consume delivers events until the watch ends or falls silent, and says since when
// nothing is known: since the watch's last sign of life. Client-go does not tell whether
// the server closed a watch or its connection broke, maybe long after it fell silent.
func (s *Stream) consume(ctx context.Context, w watch.Interface) (time.Duration, error) {
	defer w.Stop()
	silence := time.NewTimer(silenceLimit)
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.now(), ctx.Err()
		case <-silence.C:
			return s.heard, errSilent
		case e, open := <-w.ResultChan():
			at := s.now()
			if !open {
				return s.heard, errClosed
			}
			if e.Type == watch.Error {
				return s.heard, apierrors.FromObject(e.Object)
			}
			silence.Reset(silenceLimit)
			s.deliver(e, at)
		}
	}
}

// deliver hands an event on. Who waits for a sign of life has what it brought by then.
func (s *Stream) deliver(e watch.Event, at time.Duration) {
	if e.Type == watch.Bookmark {
		s.bookmarks = true
	} else {
		s.sink.Arrived(e.Type, e.Object, at)
		s.known.take(e)
	}
	s.hear(at)
}
