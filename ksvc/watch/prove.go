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
// until that pod is Ready. An answer that does not name its pod, to a request that
// began a trace, has it wait for the span that does: a few seconds more. It fails only if
// ctx ends first, and the sample is complete even then.
func (w *Watch) Prove(ctx context.Context, t record.Target, s *record.Sample) error {
	limit := w.options.catchUp
	if s.TraceID != "" {
		limit += w.options.spanDelay
	}
	err := w.await(ctx, limit, w.revisionChanged(t.Revision), func(now time.Duration) progress {
		return w.caughtUp(t, s, now)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.revision(t.Revision)
	scene := w.sceneOf(t, r, s)
	s.Cold, s.ColdReason = scene.coldness(s)
	s.Proof = scene.proof(s.Cold)
	if i := scene.answered.instance(); i != nil && s.Proof != "" {
		s.Instance = i
	}
	s.Phases = w.phasesOf(r, s, scene)
	scene.tellPull(r, s)
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
	r := w.revision(t.Revision)
	c := w.sceneOf(t, r, s)
	switch {
	case c.answered.named() && c.answered.pod == nil:
		return progress{}
	case c.answered.named():
		return becameReady(c.answered.pod, s, now)
	case s.Failed():
		// What the request set going is a sign that the watches are up. Where it set nothing
		// going there is none to wait for.
		left := s.Done + sightMargin - now
		return progress{done: c.silent == "" || left <= 0, again: left}
	}
	if left := s.Done + w.options.spanDelay - now; s.TraceID != "" && left > 0 {
		return progress{again: left}
	}
	if !c.empty() {
		return progress{done: true} // no pod that is seen later makes it proven
	}
	return w.excluded(r, s, now)
}

// excluded says whether all pods were seen that can have answered.
func (w *Watch) excluded(r *revision, s *record.Sample, now time.Duration) progress {
	candidates, until := r.candidates(s)
	if len(candidates) == 0 {
		return progress{}
	}
	if left := until + sightMargin - now; left > 0 {
		return progress{again: left}
	}
	if len(candidates) > 1 {
		return progress{done: true}
	}
	return becameReady(candidates[0], s, now)
}

// becameReady says whether the pod that answered was seen Ready, or will not be soon.
func becameReady(p *pod, s *record.Sample, now time.Duration) progress {
	left := s.Done + readyGrace - now
	return progress{done: p.ready != 0 || left <= 0, again: left}
}
