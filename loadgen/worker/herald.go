package worker

import (
	"context"
	"sync"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// mostTold is how many instances one message tells of at most.
const mostTold = 500

// tellPause is how long it takes until a message that did not get through is sent once more.
const tellPause = time.Second

// herald tells a worker which instances are Ready: one message after the other, in the order
// in which they became so. A message has all that came up while the one before was on its way.
// Each instance is told of once, so that no more wait than a run has instances.
//
//	Ready     a     b c        d
//	message   [a........][b c]  [d]
type herald struct {
	mu      sync.Mutex
	known   map[string]bool // by hostname
	waiting []instance
	// woken has something in it when there is something to tell.
	woken chan struct{}
}

func newHerald() *herald {
	return &herald{known: map[string]bool{}, woken: make(chan struct{}, 1)}
}

// add takes in an instance. It does not wait.
func (h *herald) add(one instance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	host := record.Hostname(one.Pod)
	if h.known[host] {
		return
	}
	h.known[host] = true
	h.waiting = append(h.waiting, one)
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

// next are the instances of the next message.
func (h *herald) next() []instance {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting[:min(len(h.waiting), mostTold)]
}

// told takes in that so many were told of.
func (h *herald) told(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting = h.waiting[n:]
}

// run sends messages until ctx ends. One that fails is sent once more: whether the worker is
// lost is found by its order.
func (h *herald) run(ctx context.Context, send func(context.Context, []instance) error) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.woken:
		}
		for some := h.next(); len(some) > 0 && ctx.Err() == nil; some = h.next() {
			if send(ctx, some) == nil {
				h.told(len(some))
				continue
			}
			select {
			case <-ctx.Done():
			case <-time.After(tellPause):
			}
		}
	}
}
