package watch

import (
	"fmt"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

const (
	// sightMargin is how late the watch may be with a second pod that was created
	// together with the first one. A pod that is first seen within this time after the
	// answer may have existed before it; it cannot be excluded. A pod that is first seen
	// later would have had to start and to answer faster than it was seen.
	sightMargin = 250 * time.Millisecond

	// soonestScale is how long a request takes at least from its connection to the
	// scale-up that the watch sees. Its way is: two proxies (ingress and activator), a
	// message from the activator to the autoscaler, the autoscaler's write of the
	// deployment to the API server, and the watch that brings the change here. The last
	// two alone are two round trips with an API server that stores what is written, of
	// hardly less than a millisecond each. The quickest of some 300 cold starts on a node
	// without a network in between took 5.2 ms, so 2 ms make no proven sample unknown,
	// and a scale-up that is seen sooner was caused by somebody else.
	soonestScale = 2 * time.Millisecond
)

// exclusion is what the absence of other pods says about an answer that names no pod.
type exclusion struct {
	// missing is why it proves nothing, or "".
	missing string
	// candidates are the pods that can have answered.
	candidates []*pod
}

// exclude finds out which pods can have answered a request that no pod existed for when
// it was sent.
func (w *Watch) exclude(t record.Target, r *revision, s *record.Sample) exclusion {
	candidates, until := r.candidates(s)
	sent := sendingOf(s).earliest
	if g, found := w.gaps.within(sent, until, feed.Pods, feed.Deployments, feed.Services); found {
		return exclusion{missing: "nothing names the pod that answered, and until the answer the " + g.String()}
	}
	if split := w.service(t.Service).split(t.Revision, sent, until); split != "" {
		return exclusion{missing: "nothing names the pod that answered, and " + split}
	}
	if len(candidates) == 0 {
		return exclusion{missing: "it was answered, but the watch saw no pod of the revision"}
	}
	return exclusion{candidates: candidates}
}

// candidates are the pods that were first seen after a request was sent and not too
// late to have answered it, and the instant until which that was to be seen. If the
// watch had seen no pod when the answer was complete, it was late, and the first pod
// that it then saw is one of them.
func (r *revision) candidates(s *record.Sample) (found []*pod, until time.Duration) {
	until = s.Done + s.ClockUncertainty
	first := r.firstAfter(s.Sent)
	if first == nil {
		return nil, until
	}
	until = max(until, first.seen)
	for _, p := range r.pods {
		if p.seen > s.Sent && p.seen <= until+sightMargin {
			found = append(found, p)
		}
	}
	return found, until
}

// answerer is who answered by exclusion. Of several candidates none is named.
func (e exclusion) answerer() answerer {
	switch len(e.candidates) {
	case 0:
		return answerer{}
	case 1:
		return answerer{pod: e.candidates[0], proof: record.ProofExclusion}
	}
	return answerer{proof: record.ProofExclusion}
}

// tooSoon says that the service was woken so soon after a request was sent that the
// request cannot be why, or "". A request leaves only once it is connected. What is
// listed after a gap says nothing about when it happened, and is left to the gap. Where it is
// not certain when the request left, it is not certain who woke the service either.
func (r *revision) tooSoon(s *record.Sample) string {
	left := max(s.Sent, s.Connected)
	woken, what := time.Duration(0), ""
	if p, found := r.scale.raised(s.Sent); found {
		woken, what = p.At, "the deployment was scaled up"
	}
	if p := r.firstAfter(s.Sent); p != nil && (what == "" || p.seen < woken) {
		woken, what = p.seen, "pod "+p.name+" was seen"
	}
	if what == "" {
		return ""
	}
	what = fmt.Sprintf("%s %v after it was sent", what, (woken - s.Sent).Round(10*time.Microsecond))
	switch soonest := left + soonestScale; {
	case woken >= soonest+s.ClockUncertainty:
		return ""
	case woken >= soonest-s.ClockUncertainty:
		return fmt.Sprintf("%s, which is known to ±%v only: that may be too soon for this request to be the cause, and another one may have woken the service", what, s.ClockUncertainty)
	}
	return what + ", too soon for this request to be the cause: another one woke the service"
}
