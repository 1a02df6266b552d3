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
	// watched says that the revision was watched at all when the request was sent.
	watched bool
	// existing are the pods that there were, replicas what was asked for.
	existing []*pod
	replicas int32
	answered answerer
	sent     time.Duration
}

func (w *Watch) sceneOf(r *revision, s *record.Sample) scene {
	c := scene{sent: s.Sent, existing: r.existing(s.Sent), answered: r.whoAnswered(s)}
	if g, found := w.gaps.at(s.Sent, feed.Pods, feed.Deployments); found {
		c.gap = g.String()
	}
	c.replicas, c.watched = r.scale.at(s.Sent)
	return c
}

// coldness says whether the request was a cold start.
//
// Coldness is about the state in which the request met the service, so a request that
// failed, or was never answered, can be proven cold: nothing existed when it was sent.
// That it failed counts against the service, not against the proof. Only an answer can
// contradict: it must come from a pod that was first seen after the request was sent,
// and whose process had served nothing before.
//
//	     no pod exists                  a pod may exist
//	────────────┬──────────────────────────────┬────────
//	          sent                     first sight of the pod → proven
//
// A request that was sent while an old pod was still there is warm if that pod could
// serve it, and unknown if a Terminating or unready one could not. A pod that has
// failed or ended for good is no pod: see finished.
func (c scene) coldness(s *record.Sample) (record.Coldness, string) {
	p := c.answered.pod
	switch {
	case c.gap != "":
		return record.Unknown, "sent while the " + c.gap
	case !c.watched:
		return record.Unknown, "the watch had not seen the revision's deployment when it was sent"
	case p != nil && p.seen <= c.sent:
		return record.Warm, fmt.Sprintf("answered by pod %s, which existed when it was sent", p.name)
	case len(c.existing) > 0:
		return c.coldnessAmongPods()
	case c.answered.known() && p == nil:
		return record.Unknown, fmt.Sprintf("answered by pod %s, which the watch did not see", c.answered.hostname)
	case s.Function != nil && c.answered.known() && s.Function.Requests > 1:
		return record.Warm, fmt.Sprintf("the process that answered had served %d requests before", s.Function.Requests-1)
	case c.replicas > 0:
		return record.Unknown, fmt.Sprintf("the deployment asked for %d pods already when it was sent", c.replicas)
	case !c.answered.known():
		return record.Proven, fmt.Sprintf("zero pods when it was sent; not answered by an instance (%s)", s.Outcome)
	}
	return record.Proven, fmt.Sprintf("zero pods when it was sent; pod %s first seen %v later", p.name, (p.seen - c.sent).Round(time.Millisecond))
}

// coldnessAmongPods is that of a request that met pods, none of which is known to have
// answered it.
func (c scene) coldnessAmongPods() (record.Coldness, string) {
	for _, p := range c.existing {
		if c.answered.pod == nil && p.isReady(c.sent) {
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
