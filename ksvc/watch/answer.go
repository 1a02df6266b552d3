package watch

import (
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// answerer is the instance that answered a request, and how that is known. The zero
// answerer stands for none that is known.
type answerer struct {
	// hostname is what the instance calls itself. It is empty if nothing names it.
	hostname string
	// pod is what the watch knows of it; nil if it has not seen such a pod, or if several
	// pods may be it.
	pod   *pod
	proof record.Proof
}

// named says that an answer or a trace names the instance, be it seen or not.
func (a answerer) named() bool { return a.hostname != "" }

// instance is the answerer as part of a sample.
func (a answerer) instance() *record.Instance {
	if a.pod == nil {
		return nil
	}
	return &record.Instance{Pod: a.pod.name, UID: string(a.pod.uid), Node: a.pod.node}
}

// namings are the ways in which an instance is named, the strongest first. Each looks
// at what a sample and the history of its revision say, and returns the zero answerer
// if they do not say it in its way. Where none of them does, excluding all other pods
// may still tell; see exclusion.
var namings = []func(*Watch, *revision, *record.Sample) answerer{byAnswer, byTrace}

// whoAnswered is the instance that answered a sample, by the strongest naming.
func (w *Watch) whoAnswered(r *revision, s *record.Sample) answerer {
	for _, by := range namings {
		if a := by(w, r, s); a.named() {
			return a
		}
	}
	return answerer{}
}

// byAnswer takes the function's own word. An answer that was meant for another
// service says nothing about this one.
func byAnswer(_ *Watch, r *revision, s *record.Sample) answerer {
	if s.Function == nil || s.Function.Pod == "" || s.Outcome == record.WrongInstance {
		return answerer{}
	}
	return answerer{hostname: s.Function.Pod, pod: r.byHostname(s.Function.Pod), proof: record.ProofAnswer}
}

// byTrace takes the word of the queue-proxy that served the request: it reports a span
// of the trace that the request began. If two pods report one, the trace does not tell
// which of them answered.
func byTrace(w *Watch, r *revision, s *record.Sample) answerer {
	pods := w.traced.pods[s.TraceID]
	if s.TraceID == "" || len(pods) != 1 || s.Outcome == record.WrongInstance {
		return answerer{}
	}
	return answerer{hostname: pods[0], pod: r.byHostname(pods[0]), proof: record.ProofTrace}
}
