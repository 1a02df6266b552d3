package load

import (
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Scale is how many instances of the service there are at one moment: how many the
// autoscaler wants, how many its deployment asks for, how many exist, and are Ready.
type Scale struct {
	Wanted    int `json:"wanted"`
	Requested int `json:"requested"`
	Alive     int `json:"alive"`
	Ready     int `json:"ready"`
}

// Instances is how the service was scaled during the load.
type Instances struct {
	// Peak are the most of each, and Last those when the load ended.
	Peak Scale `json:"peak"`
	Last Scale `json:"last"`
	// Overshoot is how many more the autoscaler wanted at most than when the load ended.
	Overshoot int `json:"overshoot"`
	// Seconds are the instance-seconds used: each instance counts while it exists, from
	// the begin of the load to its end.
	Seconds stat.Real `json:"instanceSeconds"`
	// Unwatched are the resource types that were not watched all the time of the load, because
	// a watch was down. What became of instances meanwhile may not have been seen.
	Unwatched []string `json:"unwatched,omitempty"`
	// AtMost is how many instances there may be, if the autoscaler wanted that many when the
	// load ended, and zero if it wanted less.
	AtMost int `json:"atMost,omitempty"`
	// WantedZero is how long after the load the autoscaler wanted no instance any more. It
	// is nil where that was not seen.
	WantedZero *time.Duration `json:"wantedZeroNs,omitempty"`
	// BackAtZero is how long after the load the service had no instance any more. It is
	// nil where that was not waited for, or did not come.
	BackAtZero *time.Duration `json:"backAtZeroNs,omitempty"`
}

// scaling follows the scale of one service.
type scaling struct {
	now   Scale
	alive map[string]bool // by UID
	ready map[string]bool
}

func newScaling() *scaling { return &scaling{alive: map[string]bool{}, ready: map[string]bool{}} }

func (s *scaling) see(e *record.Event) {
	switch e.Kind {
	case record.EventScaleWanted:
		s.now.Wanted = int(e.Value)
	case record.EventScaleRequested:
		s.now.Requested = int(e.Value)
	case record.EventInstanceCreated:
		s.alive[e.UID] = true
	case record.EventInstanceReady:
		s.ready[e.UID] = true
	case record.EventInstanceUnready:
		delete(s.ready, e.UID)
	case record.EventInstanceGone:
		delete(s.alive, e.UID)
		delete(s.ready, e.UID)
	}
	s.now.Alive, s.now.Ready = len(s.alive), len(s.ready)
}

func most(a, b Scale) Scale {
	return Scale{max(a.Wanted, b.Wanted), max(a.Requested, b.Requested), max(a.Alive, b.Alive), max(a.Ready, b.Ready)}
}

// wantedZero is how long after an instant the autoscaler wanted no instance any more, by
// events in the order of time. It is nil if it does not say so.
func wantedZero(events []record.Event, end time.Duration) *time.Duration {
	for i := range events {
		if e := &events[i]; e.Kind == record.EventScaleWanted && e.Value == 0 && e.At > end {
			took := e.At - end
			return &took
		}
	}
	return nil
}

// instancesOf follows the events of the service, which are in the order of time, over the
// load, and puts the scale at the end of each second into it.
func instancesOf(events []record.Event, begin, end time.Duration, seconds []Second) Instances {
	var in Instances
	state, at, i := newScaling(), begin, 0
	// until takes in what happens up to an instant.
	until := func(to time.Duration) {
		for ; i < len(events) && events[i].At <= to; i++ {
			if e := &events[i]; e.At > begin {
				in.Seconds += stat.Real(float64(state.now.Alive) * (e.At - at).Seconds())
				at = e.At
			}
			if state.see(&events[i]); events[i].At > begin {
				in.Peak = most(in.Peak, state.now)
			}
		}
	}
	until(begin)
	in.Peak = state.now
	for k := range seconds {
		if closes := begin + time.Duration(seconds[k].Second+1)*time.Second; closes < end {
			until(closes)
			seconds[k].Scale = state.now
			continue
		}
		until(end)
		seconds[k].Scale = state.now
	}
	until(end)
	in.Seconds += stat.Real(float64(state.now.Alive) * (end - at).Seconds())
	in.Last = state.now
	in.Overshoot = in.Peak.Wanted - in.Last.Wanted
	return in
}
