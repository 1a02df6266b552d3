package feed

import (
	"context"
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// sessionTimeout is how long the API server is asked to keep a watch open.
	// Left to itself it closes each after 30 to 60 minutes, which would put gaps
	// into a long run.
	sessionTimeout = 12 * time.Hour
	// listLimit bounds a list, which may be asked for over a connection that is dead.
	listLimit = 30 * time.Second
)

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
