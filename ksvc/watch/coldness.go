package watch

import (
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// scene is what the watches saw around one request.
type scene struct {
	// gap is why the state at the request is unknown, or "".
	gap string
	// silent is why it is not known that the watches were up at the request, or "".
	silent string
	// watched says that the revision was watched at all when the request was sent.
	watched bool
	// existing are the pods that there were, replicas what was asked for.
	existing []*pod
	replicas int32
	answered answerer
	// tooSoon says that another request woke the service, or "".
	tooSoon string
	// exclusion is set where an answer names no pod.
	exclusion exclusion
	sent      sending
	// unsettled is what changed while it is not known whether the request was sent yet, or "".
	unsettled string
}

func (w *Watch) sceneOf(t record.Target, r *revision, s *record.Sample) scene {
	c := scene{sent: sendingOf(s), existing: r.existing(s.Sent), answered: w.whoAnswered(r, s), tooSoon: r.tooSoon(s)}
	c.silent = w.signs.silent(c.sent.latest, feed.Pods, feed.Deployments)
	c.unsettled = r.unsettled(c.sent)
	if g, found := w.gaps.within(c.sent.earliest, c.sent.latest, feed.Pods, feed.Deployments); found {
		c.gap = "sent while the " + g.String()
		if _, certain := w.gaps.at(s.Sent, feed.Pods, feed.Deployments); !certain {
			c.gap = "maybe " + c.gap
		}
	}
	c.replicas, c.watched = r.scale.at(s.Sent)
	if !c.answered.named() && !s.Failed() {
		c.exclusion = w.exclude(t, r, s)
		if c.empty() {
			c.answered = c.exclusion.answerer()
		}
	}
	return c
}

// empty says that the request is known to have met no pod and none that was asked for.
func (c scene) empty() bool {
	return c.gap == "" && c.unsettled == "" && c.watched && len(c.existing) == 0 && c.replicas == 0
}

// unnamed says that the request was answered rightly, but that nothing names who did.
func (c scene) unnamed(s *record.Sample) bool { return !s.Failed() && !c.answered.named() }

// counted says that the function itself tells how many requests it has served.
func (c scene) counted(s *record.Sample) bool {
	return c.answered.proof == record.ProofAnswer && s.Function.Requests > 0
}

// coldness says whether the request was a cold start.
//
// Coldness is about the state in which the request met the service, so a request that
// failed, or was never answered, can be proven cold: nothing existed when it was sent.
// That it failed counts against the service, not against the proof. Only an answer can
// contradict: it must come from a pod that was first seen after the request was sent,
// and whose process had served nothing before. Where an answer does not tell who gave
// it, all pods but those that were first seen after the request was sent are excluded.
//
//	     no pod exists                  a pod may exist
//	────────────┬──────────────────────────────┬────────
//	          sent                     first sight of the pod → proven
//
// What proves by the absence of pods needs watches that were up when the request was sent,
// which their next sign of life shows.
//
// Where another program's clock says when it was sent, that is an interval: see sending. What
// changed within it is on neither side, and proves nothing.
//
// A request that was sent while an old pod was still there is warm if that pod could
// serve it, and unknown if a Terminating or unready one could not. A pod that has
// failed or ended for good is no pod: see finished.
func (c scene) coldness(s *record.Sample) (record.Coldness, string) {
	p := c.answered.pod
	switch {
	case c.gap != "":
		return record.Unknown, c.gap
	case !c.watched:
		return record.Unknown, "the watch had not seen the revision's deployment when it was sent"
	case p != nil && p.seen <= c.sent.earliest:
		return record.Warm, fmt.Sprintf("answered by pod %s, which existed when it was sent", p.name)
	case c.unsettled != "":
		return record.Unknown, fmt.Sprintf("when it was sent is known to ±%v only, and within that time %s: it is not certain which came first", s.ClockUncertainty, c.unsettled)
	case len(c.existing) > 0:
		return c.coldnessAmongPods(s)
	case c.answered.named() && p == nil:
		return record.Unknown, fmt.Sprintf("answered by pod %s, which the watch did not see", c.answered.hostname)
	case c.counted(s) && s.Function.Requests > 1:
		return record.Warm, fmt.Sprintf("the process that answered had served %d requests before", s.Function.Requests-1)
	case c.replicas > 0:
		return record.Unknown, fmt.Sprintf("the deployment asked for %d pods already when it was sent", c.replicas)
	case c.tooSoon != "" && !c.counted(s):
		return record.Unknown, c.tooSoon
	case c.exclusion.missing != "":
		return record.Unknown, c.exclusion.missing
	case c.silent != "" && !c.answered.named():
		return record.Unknown, c.silent
	}
	return record.Proven, "zero pods when it was sent; " + c.whoCanHaveAnswered(s)
}

// whoCanHaveAnswered says who answered a proven sample, and by what that is known.
func (c scene) whoCanHaveAnswered(s *record.Sample) string {
	p := c.answered.pod
	if p == nil && s.Failed() && s.Status != 0 {
		return fmt.Sprintf("nothing names who gave the answer, which is not the right one (%s)", s.Outcome)
	}
	if p == nil && s.Failed() {
		return fmt.Sprintf("not answered by an instance (%s)", s.Outcome)
	}
	if p == nil {
		return fmt.Sprintf("one of %d pods answered that were first seen later", len(c.exclusion.candidates))
	}
	seen := fmt.Sprintf("pod %s first seen %v later", p.name, (p.seen - c.sent.at).Round(time.Millisecond))
	switch c.answered.proof {
	case record.ProofTrace:
		return "by its trace " + seen
	case record.ProofExclusion:
		return "only " + seen + " can have answered"
	}
	return seen
}

// proof is by what it is known who answered. Of a proven sample that nobody answered it
// is the absence of pods.
func (c scene) proof(cold record.Coldness) record.Proof {
	if c.answered.proof == "" && cold == record.Proven {
		return record.ProofExclusion
	}
	if c.answered.proof == record.ProofExclusion && cold != record.Proven {
		return ""
	}
	return c.answered.proof
}

// coldnessAmongPods is that of a request that met pods, none of which is known to have
// answered it.
func (c scene) coldnessAmongPods(s *record.Sample) (record.Coldness, string) {
	for _, p := range c.existing {
		switch {
		case c.answered.pod != nil || !p.isReady(c.sent.at):
		case c.unnamed(s):
			return record.Unknown, fmt.Sprintf("pod %s was Ready when it was sent, and nothing names the pod that answered", p.name)
		default:
			return record.Warm, fmt.Sprintf("pod %s was Ready when it was sent", p.name)
		}
	}
	p := c.existing[0]
	state := "starting"
	if p.terminating != 0 && p.terminating <= c.sent.at {
		state = "Terminating"
	}
	return record.Unknown, fmt.Sprintf("%d pods existed when it was sent, among them %s (%s)", len(c.existing), p.name, state)
}
