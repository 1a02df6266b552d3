package watch

import (
	"context"
	"errors"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// readyGrace is how long after the answer the pod's Ready condition is waited for.
// Knative probes a new pod by itself and lets it answer. The kubelet probes at its own
// pace: if its first probe comes too early, Ready is ten seconds late and says nothing
// about the request any more.
const readyGrace = 2 * time.Second

// Prove completes a sample with what the watches saw: whether it was a cold start and
// why that is known, the instance that answered, and the phases. It waits for a few
// seconds at most until the watch has seen the pod that answered, and for a moment
// until that pod is Ready. It fails only if ctx ends first, and the sample is complete
// even then.
func (w *Watch) Prove(ctx context.Context, t record.Target, s *record.Sample) error {
	err := w.await(ctx, w.options.catchUp, w.revisionChanged(t.Revision), func(now time.Duration) progress {
		return w.caughtUp(t, s, now)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.revision(t.Revision)
	scene := w.sceneOf(r, s)
	s.Cold, s.ColdReason = scene.coldness(s)
	if i := scene.answered.instance(); i != nil {
		s.Instance = i
	}
	s.Phases = w.phasesOf(r, s, scene)
	if why := r.diagnose(s.Sent); s.Failed() && why.explains(s) {
		s.Error = phrase.Join(s.Error, why.Message)
		s.Trouble = &record.Trouble{Causes: why.Causes, Message: why.Message}
	}
	if errors.As(err, new(*ksvc.TimeoutError)) {
		return nil // the reason of the coldness says what was not seen
	}
	return err
}

// caughtUp says whether nothing more is to come that Prove needs.
func (w *Watch) caughtUp(t record.Target, s *record.Sample, now time.Duration) progress {
	a := w.revision(t.Revision).whoAnswered(s)
	switch {
	case !a.known():
		return progress{done: true}
	case a.pod == nil:
		return progress{}
	}
	left := s.Done + readyGrace - now
	return progress{done: a.pod.ready != 0 || left <= 0, again: left}
}
