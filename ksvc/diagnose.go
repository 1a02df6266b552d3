package ksvc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// diagnosis is why no instance became ready. It is certain when something
// speaks against the instance, and a mere state when it may still come.
type diagnosis struct {
	text    string
	certain bool
	// probe says that it is only that a probe failed, as those of an instance that
	// is just starting do.
	probe bool
}

// explains says whether a sample failed for this reason. What a function answered
// has another one, and so has what came although a probe had failed before.
func (d diagnosis) explains(s *record.Sample) bool {
	return d.certain && s.Function == nil && (s.Status == 0 || !d.probe)
}

// Diagnose says in one line why the target's last instance did not become ready,
// from what the watches saw of pods, events and deployment: an image that cannot
// be pulled, a container that exits, a pod that fits on no node, a handler that
// the node does not know. Hint says what to do about it.
func (w *Watch) Diagnose(t record.Target) (text, hint string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text = w.revision(t.Revision).diagnose(-1).text
	return text, hintFor(text)
}

// diagnose looks at the pods that were first seen after an instant.
func (r *revision) diagnose(after time.Duration) diagnosis {
	last := (*pod)(nil)
	for _, p := range slices.Backward(r.pods) {
		if p.seen <= after {
			break
		}
		if last == nil {
			last = p
		}
		if p.ready != 0 {
			return diagnosis{text: fmt.Sprintf("pod %s became ready", p.name)}
		}
		if p.trouble != "" || p.warning != "" {
			probe := p.trouble == "" && strings.HasPrefix(p.warning, "Unhealthy:")
			return diagnosis{text: joined("pod "+p.name, p.trouble, p.warning), certain: true, probe: probe}
		}
	}
	if r.blocked != "" {
		return diagnosis{text: r.blocked, certain: true}
	}
	if last != nil {
		return diagnosis{text: fmt.Sprintf("pod %s is %s", last.name, last.state)}
	}
	if replicas, known := r.scale.last(); known && replicas == 0 {
		return diagnosis{text: "no pod was created: the autoscaler did not scale the revision up"}
	}
	return diagnosis{text: "no pod was created"}
}

// AwaitTrouble returns an error as soon as it is clear that no instance of the
// target will become ready: the image cannot be pulled, the container keeps
// exiting or cannot be created, the deployment may make no pods. It returns nil
// when ctx ends first. A first request runs beside it, so that a broken image
// fails within seconds instead of at the client's timeout.
func (w *Watch) AwaitTrouble(ctx context.Context, t record.Target) error {
	since := w.clock.Now()
	err := w.await(ctx, endless, func() *signal { return &w.revision(t.Revision).changed }, func(time.Duration) progress {
		return progress{err: w.revision(t.Revision).doomed(since)}
	})
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, new(*TimeoutError)) {
		return nil
	}
	err = fmt.Errorf("start service %s/%s: %w", t.Namespace, t.Service, err)
	return withHint(err, hintFor(err.Error()))
}

// endless is a limit for what only ctx ends.
const endless = 1000 * time.Hour

func (r *revision) doomed(since time.Duration) error {
	for _, p := range r.pods {
		if p.fatal && (p.gone == 0 || p.gone > since) {
			return errors.New(joined("pod "+p.name, p.trouble, p.warning))
		}
	}
	if r.blocked != "" {
		return errors.New(r.blocked)
	}
	return nil
}
