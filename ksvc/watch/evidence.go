package watch

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// watchResolution is the uncertainty of a watch event's arrival: its way here takes
// about that long.
const watchResolution = time.Millisecond

// sighting is how something came to be seen: by a watch event that arrived at the
// instant at, or in a list after a gap that began at the instant since.
type sighting struct {
	at     time.Duration
	since  time.Duration
	listed bool
	clock  record.Clock
}

// evidence is the sighting as a phase. Of a watch event the instant is its arrival.
// What a list shows after a gap happened somewhere in the gap. If the API has a
// timestamp of it, that is used where the gap is longer than the second to which the
// timestamp is rounded.
func (s sighting) evidence(name record.PhaseName, source string, stamp metav1.Time) record.Phase {
	p := record.Phase{Name: name, At: s.at, Clock: record.ClockWatch, Resolution: watchResolution, Source: source}
	if !s.listed {
		return p
	}
	p.Source, p.Resolution = source+", listed after a gap", s.at-max(s.since, 0)
	if p.Resolution > time.Second && !stamp.IsZero() {
		p.At, p.Clock, p.Resolution = s.clock.At(stamp.Time), record.ClockAPI, time.Second
	}
	return p
}

// tightest picks the evidence that bounds a phase best. Every evidence is an upper
// bound, except that of the function's clock, which may be off by its uncertainty in
// either direction. So the earliest certain bound wins.
func tightest(candidates []record.Phase, name record.PhaseName) (record.Phase, bool) {
	var best record.Phase
	found := false
	for _, c := range candidates {
		if c.Name == name && (!found || bound(c) < bound(best)) {
			best, found = c, true
		}
	}
	return best, found
}

// bound is the latest instant at which the phase can have been reached.
func bound(p record.Phase) time.Duration {
	if p.Clock == record.ClockWatch || p.Clock == record.ClockClient {
		return p.At
	}
	return p.At + p.Resolution
}
