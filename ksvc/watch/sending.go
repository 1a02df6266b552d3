package watch

import (
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// sending is when a request was sent, as far as that is known. Where another program sent it,
// whose clock is known only so well, what was seen between the earliest and the latest
// instant may have happened before the request or after it. Without such a doubt all three
// instants are one.
//
//	what was here before     doubt      what came after
//	──────────────────────┬────┬────┬──────────────────
//	                earliest  at  latest
type sending struct{ earliest, at, latest time.Duration }

func sendingOf(s *record.Sample) sending {
	return sending{s.Sent - s.ClockUncertainty, s.Sent, s.Sent + s.ClockUncertainty}
}

// doubts says that an instant at which something changed may be on either side of it. An
// instant of zero was not reached.
func (w sending) doubts(at time.Duration) bool { return at != 0 && w.earliest < at && at <= w.latest }

// unsettled says what of the revision changed while it is not known whether the request was
// sent yet, or "". If nothing did, the request met what there was at the instant at.
func (r *revision) unsettled(w sending) string {
	for _, one := range r.scale {
		if w.doubts(one.at) {
			return fmt.Sprintf("the deployment was set to %d pods", one.value)
		}
	}
	for _, p := range r.pods {
		instants := []time.Duration{p.seen, p.ready, p.terminating, p.gone}
		if i := slices.IndexFunc(instants, w.doubts); i >= 0 {
			return "pod " + p.name + []string{" was first seen", " became Ready", " began to end", " went"}[i]
		}
	}
	return ""
}
