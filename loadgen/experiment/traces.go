package experiment

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const (
	// batchDelay is how long a component of Knative may keep spans to itself: its batches
	// leave every 5 s.
	batchDelay = 6 * time.Second
	// retryDelay is how much longer spans are awaited that are missing: a component whose
	// batch was not taken tries again after 5 s, and after 30 s at the latest gives it up.
	retryDelay = 30 * time.Second
)

// reporters are Knative's components that report each request.
var reporters = []string{"activator", record.QueueProxy}

// traces collects the spans of a run's requests. A nil one collects none.
//
//	(the experiment, untraced; its services are removed)
//	start ──── Knative reports to this program
//	(the traced blocks)
//	finish ─── the last batches are awaited, the listening ends
//	restore ── Knative's setting is put back, while the traced services are removed
type traces struct {
	tracer   Tracer
	observer Observer
	sink     func(record.TraceSpan)
	// listens is the address at which spans arrive.
	listens  string
	received atomic.Int64
	// last is when the last request was made, in Unix nanoseconds.
	last atomic.Int64

	mu sync.Mutex
	// begun has this run's traces by id, each with the components that have reported it.
	begun map[string]map[string]bool
}

// startTraces makes Knative report to this run, if it is asked for. What failed
// half-way is for close to undo.
func (s *session) startTraces(ctx context.Context) error {
	if !s.setup.Traces.On {
		return nil
	}
	if s.setup.Traces.Shared {
		s.observer.See(Warning{"tracing changes a setting that Knative gives to every queue-proxy: now and at the end of the run it rolls out all revisions of the cluster anew"})
	}
	if err := s.cluster.ClaimTraces(ctx, s.header.RunID, func(run string) {
		s.observer.See(Step{"waiting for run " + run + ", which Knative reports its traces to"})
	}); err != nil {
		return err
	}
	s.observer.See(Step{"having Knative report traces to " + s.setup.Traces.Address + ": restarting the activator"})
	s.traces = &traces{
		tracer: s.cluster, observer: s.observer,
		sink:  func(span record.TraceSpan) { s.told(s.writer.Span(span)) },
		begun: map[string]map[string]bool{},
	}
	var err error
	s.traces.listens, err = s.cluster.StartTraces(ctx, s.setup.Traces.Address, s.traces.known, s.traces.take)
	return err
}

// ids draws trace ids for requests; it is nil when nothing is collected.
func (t *traces) ids() func() string {
	if t == nil {
		return nil
	}
	return func() string {
		t.last.Store(time.Now().UnixNano())
		id := randomHex(16)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.begun[id] = map[string]bool{}
		return id
	}
}

// known says whether a trace is one of this run's. A function that was traced knows the
// id of its own trace, but cannot guess that of another.
func (t *traces) known(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, begun := t.begun[id]
	return begun
}

func (t *traces) take(s record.TraceSpan) {
	t.received.Add(1)
	t.mu.Lock()
	if reported := t.begun[s.TraceID]; reported != nil {
		reported[s.Service] = true
	}
	t.mu.Unlock()
	t.sink(s)
}

// finish waits for the spans of the last requests, unless the run was interrupted.
// No span comes after it.
func (t *traces) finish(ctx context.Context) error {
	if t == nil {
		return nil
	}
	asked := t.last.Load() > 0
	if asked && ctx.Err() == nil {
		t.observer.See(Step{"waiting " + batchDelay.String() + " for the last traces"})
		_ = pause(ctx, batchDelay)
		t.awaitMissing(ctx)
	}
	if asked && ctx.Err() == nil {
		t.tellMissing()
	}
	return t.tracer.StopTraces()
}

// awaitMissing waits for the traces that a component has not reported yet. A request that no
// instance answered is never reported by one, so the wait has an end.
func (t *traces) awaitMissing(ctx context.Context) {
	for end := time.Now().Add(retryDelay); t.missing() != "" && time.Now().Before(end) && ctx.Err() == nil; {
		_ = pause(ctx, 100*time.Millisecond)
	}
}

func (t *traces) tellMissing() {
	if t.received.Load() == 0 {
		t.observer.See(Warning{"no trace arrived at " + t.listens + ": pods may not be able to reach it"})
	} else if missing := t.missing(); missing != "" {
		t.observer.See(Warning{"spans are missing: " + missing + "; a component drops what it cannot send at once, and no instance reports a request that none answered"})
	}
}

// missing says how many traces each component has not reported, or "".
func (t *traces) missing() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var missing []string
	for _, component := range reporters {
		n := 0
		for _, reported := range t.begun {
			if !reported[component] {
				n++
			}
		}
		if n > 0 {
			missing = append(missing, fmt.Sprintf("%s has not reported %d of %d requests", component, n, len(t.begun)))
		}
	}
	return strings.Join(missing, ", ")
}

// restore puts Knative's setting back, also when the run was interrupted.
func (t *traces) restore(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.observer.See(Step{"restoring Knative's tracing: restarting the activator"})
	left, err := t.tracer.RestoreTraces(context.WithoutCancel(ctx))
	if len(left) > 0 {
		t.observer.See(Warning{"left as somebody else has set it meanwhile, in Knative's config-observability: " + strings.Join(left, ", ")})
	}
	return err
}
