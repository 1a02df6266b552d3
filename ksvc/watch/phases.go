package watch

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// phasesOf puts together when each step was reached, as far as it was seen. Of a
// request that no instance answered it shows how far the first pod came that was
// created for it. Phases that contradict one another are left as they are: a pod may
// well be seen Ready after it answered, since Knative probes it by itself and does not
// wait for its status. Where one of several pods answered, only what they have in common
// is shown: that the service was scaled up.
func (w *Watch) phasesOf(r *revision, s *record.Sample, c scene) []record.Phase {
	candidates := []record.Phase{clientPhase(s, record.PhaseRequested, s.Sent, "request issued")}
	for _, scaled := range []changes{r.scale, r.desired} {
		if p, found := scaled.raised(s.Sent); found {
			candidates = append(candidates, p)
		}
	}
	if p := c.answered.pod; p != nil {
		candidates = append(candidates, p.evidence...)
		candidates = append(candidates, w.processStart(s)...)
	} else if p := r.firstAfter(s.Sent); p != nil && !c.unnamed(s) {
		candidates = append(candidates, p.evidence...)
	}
	if s.FirstByte != 0 {
		candidates = append(candidates, clientPhase(s, record.PhaseFirstByte, s.FirstByte, "first byte of the response"))
	}
	if s.Done != 0 {
		candidates = append(candidates, clientPhase(s, record.PhaseDone, s.Done, "body read, or given up"))
	}
	var phases []record.Phase
	for _, name := range record.PhaseNames {
		if best, found := tightest(candidates, name); found {
			phases = append(phases, best)
		}
	}
	return phases
}

func clientPhase(s *record.Sample, name record.PhaseName, at time.Duration, source string) record.Phase {
	return record.Phase{Name: name, At: at, Clock: record.ClockClient, Resolution: s.Resolution(), Source: source}
}

// processStart is when the function's process started by its own word, on the run's
// clock. It is known only if the sample says how far apart the two clocks are.
func (w *Watch) processStart(s *record.Sample) []record.Phase {
	if s.ClockOffset == nil || s.Function == nil || s.Function.ProcessStarted == 0 {
		return nil
	}
	return []record.Phase{{
		Name:       record.PhaseContainersStarted,
		At:         w.clock.AtFunction(s.Function.ProcessStarted, *s.ClockOffset),
		Clock:      record.ClockFunction,
		Resolution: s.ClockOffset.Uncertainty + time.Duration(s.Function.ProcessStartedResolution),
		Source:     "function's process start",
	}}
}
