package ksvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// readyGrace is how long after the answer the pod's Ready condition is waited
// for. Knative probes a new pod by itself and lets it answer; the kubelet probes
// at its own pace, and if its first probe comes too early, Ready is ten seconds
// late and says nothing about the request any more.
const readyGrace = 2 * time.Second

// Prove completes a sample with what the watches saw: whether it was a cold
// start and why that is known, the instance that answered, and the phases. It
// waits, but not longer than CatchUp, for the watch to have seen the answering
// pod, and for a moment for it to become Ready. It fails only if ctx ends first;
// the sample is complete even then.
func (w *Watch) Prove(ctx context.Context, t record.Target, s *record.Sample) error {
	err := w.await(ctx, w.options.CatchUp, func() *signal { return &w.revision(t.Revision).changed }, func(now time.Duration) progress {
		return w.caughtUp(t, s, now)
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.revision(t.Revision)
	scene := w.sceneOf(r, s)
	s.Cold, s.ColdReason = scene.judge(s)
	if p := scene.answering; p != nil {
		s.Instance = &record.Instance{Pod: p.name, UID: string(p.uid), Node: p.node, Proof: record.ProofAnswer}
	}
	s.Phases = w.phasesOf(r, s, scene)
	if why := r.diagnose(s.Sent); s.Failed() && why.explains(s) {
		s.Error = joined(s.Error, why.text)
		s.Trouble = &record.Trouble{Causes: record.CausesIn(why.text), Message: why.text}
	}
	var late *TimeoutError
	if errors.As(err, &late) {
		return nil // the judgement says what was not seen
	}
	return err
}

// caughtUp says whether nothing more is to come that Prove needs.
func (w *Watch) caughtUp(t record.Target, s *record.Sample, now time.Duration) progress {
	name := answeredBy(s)
	if name == "" {
		return progress{done: true}
	}
	p := w.revision(t.Revision).byHostname(name)
	if p == nil {
		return progress{}
	}
	left := s.Done + readyGrace - now
	return progress{done: p.ready != 0 || left <= 0, again: left}
}

// answeredBy is the pod that says it answered, or "".
func answeredBy(s *record.Sample) string {
	if s.Function == nil || s.Outcome == record.WrongInstance {
		return ""
	}
	return s.Function.Pod
}

// scene is what the watches saw around one request.
type scene struct {
	// gap is why the state at the request is unknown, or "".
	gap string
	// known says that the revision was watched at all when the request was sent.
	known bool
	// existing are the pods that there were, replicas what was asked for.
	existing []*pod
	replicas int32
	// answered is the pod that says it answered; answering is what the watch
	// knows of it.
	answered  string
	answering *pod
	sent      time.Duration
}

func (w *Watch) sceneOf(r *revision, s *record.Sample) scene {
	c := scene{sent: s.Sent, existing: r.existing(s.Sent), answered: answeredBy(s)}
	if g, found := w.gaps.at(s.Sent, watchedPods, watchedDeployments); found {
		c.gap = g.String()
	}
	c.replicas, c.known = r.scale.at(s.Sent)
	if c.answered != "" {
		c.answering = r.byHostname(c.answered)
	}
	return c
}

// judge says whether the request was a cold start.
//
// Coldness is about the state in which the request met the service, so a request
// that failed, or was never answered, can be proven cold: nothing existed when it
// was sent. It counts against the service, not against the proof. Only an answer
// can contradict: it must come from a pod that was first seen after the request
// was sent, and whose process had served nothing before.
//
//	     no pod exists                  a pod may exist
//	────────────┬──────────────────────────────┬────────
//	          sent                     first sight of the pod → proven
//
// A request that was sent while an old pod was still there is warm if that pod
// could serve it, and unknown if a Terminating or unready one could not.
func (c scene) judge(s *record.Sample) (record.Coldness, string) {
	switch {
	case c.gap != "":
		return record.Unknown, "sent while the " + c.gap
	case !c.known:
		return record.Unknown, "the watch had not seen the revision's deployment when it was sent"
	case c.answering != nil && c.answering.seen <= c.sent:
		return record.Warm, fmt.Sprintf("answered by pod %s, which existed when it was sent", c.answering.name)
	case len(c.existing) > 0:
		return c.judgeOccupied()
	case c.answered != "" && c.answering == nil:
		return record.Unknown, fmt.Sprintf("answered by pod %s, which the watch did not see", c.answered)
	case s.Function != nil && c.answered != "" && s.Function.Requests > 1:
		return record.Warm, fmt.Sprintf("the process that answered had served %d requests before", s.Function.Requests-1)
	case c.replicas > 0:
		return record.Unknown, fmt.Sprintf("the deployment asked for %d pods already when it was sent", c.replicas)
	case c.answered == "":
		return record.Proven, fmt.Sprintf("zero pods when it was sent; not answered by an instance (%s)", s.Outcome)
	}
	return record.Proven, fmt.Sprintf("zero pods when it was sent; pod %s first seen %v later",
		c.answering.name, (c.answering.seen - c.sent).Round(time.Millisecond))
}

// judgeOccupied judges a request that met pods, none of which is known to have
// answered it.
func (c scene) judgeOccupied() (record.Coldness, string) {
	for _, p := range c.existing {
		if c.answering == nil && p.isReady(c.sent) {
			return record.Warm, fmt.Sprintf("pod %s was Ready when it was sent", p.name)
		}
	}
	p := c.existing[0]
	state := "starting"
	if p.terminating != 0 && p.terminating <= c.sent {
		state = "Terminating"
	}
	return record.Unknown, fmt.Sprintf("%d pods existed when it was sent, among them %s (%s)", len(c.existing), p.name, state)
}
