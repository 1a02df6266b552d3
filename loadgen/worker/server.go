package worker

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
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
		pathClock: s.tellClock, pathOrder: s.takeOrder, pathStart: s.start, pathStop: s.stop, pathInstances: s.takeInstance,
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
			if s.task() == nil {
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

// takeOrder does an order, and streams what becomes of it.
func (s *Server) takeOrder(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, "read the order: "+err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	t := &task{order: o, server: s, out: newOutput(w), begin: make(chan time.Duration, 1), cancel: cancel}
	if !s.begin(t) {
		http.Error(w, "another order is under way", http.StatusConflict)
		return
	}
	defer s.finish()
	go func() {
		select {
		case <-s.ending:
			cancel(errEnding)
		case <-ctx.Done():
		}
	}()
	t.run(ctx)
}

var (
	errEnding  = errors.New("the worker was told to end")
	errStopped = errors.New("the run was interrupted")
)

func (s *Server) begin(t *task) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present != nil {
		return false
	}
	s.present = t
	return true
}

func (s *Server) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present = nil
}

func (s *Server) task() *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.present
}

// start says when the present order begins.
func (s *Server) start(w http.ResponseWriter, r *http.Request) {
	var at start
	t := s.task()
	if err := json.NewDecoder(r.Body).Decode(&at); err != nil || t == nil {
		http.Error(w, "there is no order to start", http.StatusConflict)
		return
	}
	select {
	case t.begin <- at.At:
	default:
		http.Error(w, "the order has been started", http.StatusConflict)
	}
}

// stop ends the present order.
func (s *Server) stop(http.ResponseWriter, *http.Request) {
	if t := s.task(); t != nil {
		t.cancel(errStopped)
	}
}

func (s *Server) takeInstance(w http.ResponseWriter, r *http.Request) {
	var one instance
	if err := json.NewDecoder(r.Body).Decode(&one); err != nil {
		http.Error(w, "read an instance: "+err.Error(), http.StatusBadRequest)
		return
	}
	s.instances.add(one)
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
