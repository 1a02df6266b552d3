package round

import (
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Instances counts the instances of a cell by the UID of their pod, over the rounds
// of several services.
type Instances struct {
	Rounds int `json:"rounds"`
	// Requested is how many services there were to answer, over all rounds. Services
	// that were not at zero when a round began were not fired at, so there may be fewer
	// samples.
	Requested int `json:"requested"`
	// Spawned to Ready are how many instances were created, were given a node, had all
	// their containers started, and became Ready, in the round with the fewest. For
	// these counts, a round lasts until the next one of its class.
	Spawned   int `json:"spawned"`
	Scheduled int `json:"scheduled"`
	Running   int `json:"running"`
	Ready     int `json:"ready"`
	// Peak is the most that there were at one moment of any round. It is zero where
	// nothing watched them.
	Peak int `json:"peak,omitempty"`
	// Complete is in how many rounds every service answered, and TimeToAll the
	// median time that took, from the first request to the last answer.
	Complete  int           `json:"complete"`
	TimeToAll time.Duration `json:"timeToAllNs,omitempty"`
	// Skew is the time between sending the first request and sending the last, and
	// WireSkew the time between writing the first to its connection and writing the
	// last, each in the round with the largest. An arrival that takes time is part of
	// it.
	Skew     time.Duration `json:"skewNs"`
	WireSkew time.Duration `json:"wireSkewNs,omitempty"`
	// SkewUncertainty is by how much the skew may be wrong, in the round with the largest,
	// where the requests had several senders with clocks of their own.
	SkewUncertainty time.Duration `json:"skewUncertaintyNs,omitempty"`

	times []time.Duration // of the complete rounds
}

// add counts one more round.
func (in *Instances) add(r *round) {
	if in.Rounds == 0 {
		in.Spawned, in.Scheduled, in.Running, in.Ready = math.MaxInt, math.MaxInt, math.MaxInt, math.MaxInt
	}
	in.Rounds++
	in.Requested += r.key.Services
	in.Spawned = min(in.Spawned, r.reached(created))
	in.Scheduled = min(in.Scheduled, r.reached(scheduled))
	in.Running = min(in.Running, r.reached(running))
	in.Ready = min(in.Ready, r.reached(ready))
	in.Peak = max(in.Peak, r.peak)
	in.Skew, in.WireSkew = max(in.Skew, r.sent.length()), max(in.WireSkew, r.wrote.length())
	if len(r.answers) == r.key.Services && len(r.missing) == 0 {
		in.Complete++
		in.times = append(in.times, r.done-r.from)
	}
}

// finish fills in what is of all rounds.
func (in *Instances) finish() {
	if len(in.times) > 0 {
		in.TimeToAll = stat.NewSet(in.times, nil).Quantile(0.5).Latency
	}
}
