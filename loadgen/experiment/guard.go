package experiment

import (
	"context"
	"fmt"
	"sync"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// guard ends a run early where it is clear that no instance of a class will ever
// become Ready, such as with an image that cannot be pulled: without it each request
// would wait for the client's timeout. It watches every service that a request is
// under way to, until an instance of the class has answered for the first time. What
// once ran may fail for other reasons, and that is data.
type guard struct {
	ctx     context.Context
	fail    context.CancelCauseFunc
	trouble func(context.Context, record.Target) error

	mu      sync.Mutex
	classes map[record.Key]*guarded
}

// guarded is a class under guard.
type guarded struct {
	ctx     context.Context
	release context.CancelFunc
	watched map[string]bool // by service
}

func newGuard(ctx context.Context, trouble func(context.Context, record.Target) error) *guard {
	g := &guard{trouble: trouble, classes: map[record.Key]*guarded{}}
	g.ctx, g.fail = context.WithCancelCause(ctx)
	return g
}

// class is a class under guard; g.mu is held.
func (g *guard) class(k record.Key) *guarded {
	c := g.classes[k]
	if c == nil {
		c = &guarded{watched: map[string]bool{}}
		c.ctx, c.release = context.WithCancel(g.ctx)
		g.classes[k] = c
	}
	return c
}

// watch begins to watch a target, unless its class was released.
func (g *guard) watch(t record.Target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.class(t.Key())
	if c.ctx.Err() != nil || c.watched[t.Service] {
		return
	}
	c.watched[t.Service] = true
	go func() {
		if err := g.trouble(c.ctx, t); err != nil && c.ctx.Err() == nil {
			g.fail(fmt.Errorf("RuntimeClass %s: %w", t.Key(), err))
		}
	}()
}

// release ends the guard over a class.
func (g *guard) release(class record.Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.class(class).release()
}

// reason is why an experiment under guard ended: what the guard saw, if anything,
// else what the experiment says itself.
func (g *guard) reason(err error) error {
	if cause := context.Cause(g.ctx); cause != nil {
		return cause
	}
	return err
}

// stop ends the guard.
func (g *guard) stop() { g.fail(nil) }
