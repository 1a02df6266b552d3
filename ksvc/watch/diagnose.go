package watch

import (
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// diagnosis is why no instance became Ready. It is certain when something speaks
// against the instance, and a mere state when the instance may still come.
type diagnosis struct {
	ksvc.Trouble
	certain bool
	// probe says that nothing is wrong but that a probe failed. The probes of an
	// instance that is just starting do.
	probe bool
}

// explains says whether a sample failed for this reason. If a function answered, the
// sample failed for another one. So it did if any answer came although a probe had
// failed before.
func (d diagnosis) explains(s *record.Sample) bool {
	return d.certain && s.Function == nil && (s.Status == 0 || !d.probe)
}

// state is a diagnosis that speaks against nothing.
func state(format string, args ...any) diagnosis {
	return diagnosis{Trouble: ksvc.Trouble{Message: fmt.Sprintf(format, args...)}}
}

// diagnose says why no pod that was first seen after an instant became Ready: an
// image that cannot be pulled, a container that exits, a pod that fits on no node, a
// handler that the node does not know.
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
			return state("pod %s became ready", p.name)
		}
		if said := p.said(); !said.None() {
			probe := p.trouble.None() && p.warning.Reason == reasonUnhealthy
			return diagnosis{Trouble: said, certain: true, probe: probe}
		}
	}
	if !r.blocked.None() {
		return diagnosis{Trouble: r.blocked, certain: true}
	}
	if last != nil {
		return state("pod %s is %s", last.name, last.state)
	}
	if replicas, known := r.scale.last(); known && replicas == 0 {
		return state("no pod was created: the autoscaler did not scale the revision up")
	}
	return state("no pod was created")
}

// said is all that speaks against a pod: its own state, and the latest warning about
// it. The warning's causes count where those of the state are not known.
func (p *pod) said() ksvc.Trouble {
	if p.trouble.None() && p.warning.None() {
		return ksvc.Trouble{}
	}
	said := p.trouble
	if !said.Known() && (p.warning.Known() || said.None()) {
		said.Causes, said.Reason = p.warning.Causes, p.warning.Reason
	}
	said.Message = phrase.Join("pod "+p.name, p.trouble.Message, p.warning.Message)
	return said
}

// doom is why no instance will become Ready, by the pods that have existed since an
// instant.
func (r *revision) doom(since time.Duration) ksvc.Trouble {
	for _, p := range r.pods {
		if p.hopeless() && (p.gone == 0 || p.gone > since) {
			return p.said()
		}
	}
	return r.blocked
}
