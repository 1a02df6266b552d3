package experiment

import (
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// readiness knows since when each instance is Ready, by its hostname, which is what a
// function knows of its instance.
type readiness struct {
	mu    sync.Mutex
	since map[string]time.Duration
}

// observe takes in an event.
func (r *readiness) observe(e record.Event) {
	if e.Kind != record.EventInstanceReady {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == nil {
		r.since = map[string]time.Duration{}
	}
	if host := record.Hostname(e.Pod); r.since[host] == 0 {
		r.since[host] = e.At
	}
}

// was says whether an instance was Ready at an instant. One that was not seen to become
// Ready was not.
func (r *readiness) was(host string, at time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	since, known := r.since[record.Hostname(host)]
	return known && since <= at
}

// each calls do with each instance that is known, and since when it is Ready.
func (r *readiness) each(do func(host string, since time.Duration)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for host, since := range r.since {
		do(host, since)
	}
}
