package feed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// sessionTimeout is how long the API server is asked to keep a watch open.
	// Left to itself it closes each after 30 to 60 minutes, which would put gaps
	// into a long run.
	sessionTimeout = 12 * time.Hour

	// silenceLimit is how long a watch may bring nothing. An API server sends a bookmark
	// about each minute, so that a longer silence is that of a broken connection, of which
	// TCP tells minutes later.
	silenceLimit = 90 * time.Second
	// listLimit bounds a list, which may be asked for over a connection that is dead.
	listLimit = 30 * time.Second

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

// listing is a list as it was read.
type listing struct {
	objects   []runtime.Object
	version   string
	asked, at time.Duration
}

// Connect lists, and opens the watch from there. Run then consumes it.
func (s *Stream) Connect(ctx context.Context) (watch.Interface, error) {
	l, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.open(ctx, l)
	if err != nil {
		return nil, err
	}
	s.sink.Listed(l.objects, l.at, s.lost)
	s.known = versionsOf(l.objects)
	return w, nil
}

// read lists.
func (s *Stream) read(ctx context.Context) (listing, error) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	l := listing{asked: s.now()}
	list, err := s.list(ctx, s.selector)
	l.at = s.now()
	if err == nil {
		l.objects, err = meta.ExtractList(list)
	}
	if err == nil {
		l.version, err = meta.NewAccessor().ResourceVersion(list)
	}
	if err != nil {
		return listing{}, fmt.Errorf("list %s: %w", s.Name, err)
	}
	return l, nil
}

// open watches from a list on.
func (s *Stream) open(ctx context.Context, l listing) (watch.Interface, error) {
	o := s.selector
	seconds := int64(sessionTimeout / time.Second)
	o.ResourceVersion, o.TimeoutSeconds, o.AllowWatchBookmarks = l.version, &seconds, true
	w, err := s.watch(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", s.Name, err)
	}
	s.hear(l.asked) // the watch itself may turn out to be refused
	return w, nil
}

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
			if w = s.renew(ctx); w != nil {
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

// renew replaces a silent watch of an API server that sends no bookmarks. There silence
// alone tells nothing: if a list shows just what the watch had brought, there was nothing
// to bring, and nothing was lost. Otherwise it returns nil. What was created and deleted
// again within the silence does not show.
func (s *Stream) renew(ctx context.Context) watch.Interface {
	l, err := s.read(ctx)
	if err != nil || !maps.Equal(s.known, versionsOf(l.objects)) {
		return nil
	}
	w, err := s.open(ctx, l)
	if err != nil {
		return nil
	}
	return w
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
