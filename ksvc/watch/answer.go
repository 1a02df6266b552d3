package watch

import (
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// answerer is the instance that answered a request, and how that is known. The zero
// answerer stands for none that is known.
type answerer struct {
	// hostname is what the instance calls itself.
	hostname string
	// pod is what the watch knows of it; nil if it has not seen such a pod.
	pod   *pod
	proof record.Proof
}

// known says that some instance is known to have answered, be it seen or not.
func (a answerer) known() bool { return a.proof != "" }

// instance is the answerer as part of a sample.
func (a answerer) instance() *record.Instance {
	if a.pod == nil {
		return nil
	}
	return &record.Instance{Pod: a.pod.name, UID: string(a.pod.uid), Node: a.pod.node, Proof: a.proof}
}

// proofs are the ways to know who answered, the strongest first. Each looks at what a
// sample and the history of its revision say, and returns the zero answerer if they
// do not say it in its way.
var proofs = []func(*revision, *record.Sample) answerer{byAnswer}

// whoAnswered is the instance that answered a sample, by the strongest proof.
func (r *revision) whoAnswered(s *record.Sample) answerer {
	for _, by := range proofs {
		if a := by(r, s); a.known() {
			return a
		}
	}
	return answerer{}
}

// byAnswer takes the function's own word. An answer that was meant for another
// service says nothing about this one.
func byAnswer(r *revision, s *record.Sample) answerer {
	if s.Function == nil || s.Function.Pod == "" || s.Outcome == record.WrongInstance {
		return answerer{}
	}
	return answerer{hostname: s.Function.Pod, pod: r.byHostname(s.Function.Pod), proof: record.ProofAnswer}
}
