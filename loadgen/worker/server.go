package worker

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// Server is a worker: an http.Handler that does one order at a time.
type Server struct {
	token, version string
	clock          record.Clock
	mux            *http.ServeMux
	instances      instances
	// ending is closed when the worker is told to end, and heard has something in it after each
	// request.
	ending chan struct{}
	heard  chan struct{}

	mu      sync.Mutex
	present *task
}

// NewServer makes a worker that takes requests with the token and no others.
func NewServer(token, version string) *Server {
	s := &Server{
		token: token, version: version, clock: record.NewClock(), mux: http.NewServeMux(),
		ending: make(chan struct{}), heard: make(chan struct{}, 1),
	}
	for path, handle := range map[string]http.HandlerFunc{
		pathClock: s.tellClock, pathOrder: s.takeOrder, pathLines: s.doOrder, pathStart: s.start, pathStop: s.stop, pathInstances: s.takeInstances,
	} {
		s.mux.HandleFunc("POST "+path, handle)
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	received := s.clock.Now()
	if s.token == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(s.token)) != 1 {
		http.Error(w, "the token is not that of the run", http.StatusForbidden)
		return
	}
	select {
	case s.heard <- struct{}{}:
	default:
	}
	s.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), receivedKey{}, received)))
}

// receivedKey is that of when a request was received.
type receivedKey struct{}

// End has the order under way stop, and tell what it has.
func (s *Server) End() { close(s.ending) }

// AwaitIdle returns when nothing was asked for a while and no order is under way, or when
// ctx ends. A worker that nobody leads any more ends then.
func (s *Server) AwaitIdle(ctx context.Context, limit time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.heard:
		case <-time.After(limit):
			if s.underway() == nil {
				return
			}
		}
	}
}

func (s *Server) tellClock(w http.ResponseWriter, r *http.Request) {
	received, _ := r.Context().Value(receivedKey{}).(time.Duration)
	answer(w, clockAnswer{Received: received, Language: language, Version: s.version, Answered: s.clock.Now()})
}

func answer(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(what) // if the coordinator has gone, nobody misses it
}

// readBody reads what a request says, to its end: one whose answer begins earlier may break
// on its way through a proxy.
func readBody(r *http.Request, into any) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// takeOrder takes an order, which begins once somebody listens to what becomes of it. These
// are two requests, so that each is read whole before it is answered.
func (s *Server) takeOrder(w http.ResponseWriter, r *http.Request) {
	t := &task{server: s, begin: make(chan time.Duration, 1)}
	if err := readBody(r, &t.order); err != nil {
		http.Error(w, "read the order: "+err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present != nil && s.present.cancel != nil {
		http.Error(w, "another order is under way", http.StatusConflict)
		return
	}
	s.present = t
}

// doOrder does the order, and streams what becomes of it.
func (s *Server) doOrder(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	t := s.begin(cancel)
	if t == nil {
		http.Error(w, "there is no order to begin", http.StatusConflict)
		return
	}
	go func() {
		select {
		case <-s.ending:
			cancel(errEnding)
		case <-ctx.Done():
		}
	}()
	t.out = newOutput(w)
	last := t.run(ctx)
	s.finish()                       // with the last line the next order may come
	_ = t.out.write(line{End: last}) // if the coordinator has gone, nobody misses it
}

var (
	errEnding  = errors.New("the worker was told to end")
	errStopped = errors.New("the run was interrupted")
)

// begin is the present order, which begins with it and ends with cancel. It is nil if there
// is none, or if it has begun.
func (s *Server) begin(cancel context.CancelCauseFunc) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present == nil || s.present.cancel != nil {
		return nil
	}
	s.present.cancel = cancel
	return s.present
}

func (s *Server) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present = nil
}

// underway is the order that has begun, or nil.
func (s *Server) underway() *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present == nil || s.present.cancel == nil {
		return nil
	}
	return s.present
}

// start says when the present order begins.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	var at start
	t := s.underway()
	if err := readBody(r, &at); err != nil || t == nil {
		http.Error(w, "there is no order to start", http.StatusConflict)
		return
	}
	select {
	case t.begin <- at.At:
	default:
		http.Error(w, "the order has been started", http.StatusConflict)
	}
}

// stop ends the present order, or keeps it from beginning.
func (s *Server) stop(http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.present == nil:
	case s.present.cancel == nil:
		s.present = nil
	default:
		s.present.cancel(errStopped)
	}
}

func (s *Server) takeInstances(w http.ResponseWriter, r *http.Request) {
	var some []instance
	if err := readBody(r, &some); err != nil {
		http.Error(w, "read instances: "+err.Error(), http.StatusBadRequest)
		return
	}
	for _, one := range some {
		s.instances.add(one)
	}
}

// instances knows since when each instance is Ready.
type instances struct {
	mu    sync.Mutex
	since map[string]time.Duration
}

func (i *instances) add(one instance) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.since == nil {
		i.since = map[string]time.Duration{}
	}
	if _, known := i.since[record.Hostname(one.Pod)]; !known { // that it was Ready once more changes nothing
		i.since[record.Hostname(one.Pod)] = one.Since
	}
}

// wasReady says whether an instance was Ready at an instant. One that was not heard of was
// not.
func (i *instances) wasReady(pod string, at time.Duration) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	since, known := i.since[record.Hostname(pod)]
	return known && since <= at
}
