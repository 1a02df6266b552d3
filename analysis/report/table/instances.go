package table

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Instances counts instances where services were fired together. Its counts are those
// of the round with the fewest.
func Instances(s *analysis.Summary) *Table {
	t := New("runtimeClass", " services", " rounds", " answered", " failed", " spawned", " scheduled", " running", " ready", " peak",
		" complete", " time to all", " skew").
		Spare("running", "scheduled", "skew", "rounds", "peak")
	for _, c := range s.Cells {
		in := c.Instances
		if in == nil {
			continue
		}
		peak, all := None, None
		if in.Peak > 0 {
			peak = fmt.Sprint(in.Peak)
		}
		if in.Complete > 0 {
			all = stat.Format(in.TimeToAll)
		}
		t.Row(c.Class().String(), fmt.Sprint(c.Services), fmt.Sprint(in.Rounds), fmt.Sprintf("%d/%d", c.OK, in.Requested), fmt.Sprint(c.Failures()),
			fmt.Sprint(in.Spawned), fmt.Sprint(in.Scheduled), fmt.Sprint(in.Running), fmt.Sprint(in.Ready), peak,
			fmt.Sprintf("%d/%d", in.Complete, in.Rounds), all, skew(in))
	}
	return t.orNil()
}

// skew is that of writing the requests where it is known when they were written, and
// else that of sending them. Where the clocks of several workers told it, it is as uncertain
// as they are.
func skew(in *round.Instances) string {
	largest := in.Skew
	if in.WireSkew > 0 {
		largest = in.WireSkew
	}
	if in.SkewUncertainty > 0 {
		return stat.Format(largest) + " ±" + stat.Format(in.SkewUncertainty)
	}
	return stat.Format(largest)
}

const instanceNote = "Spawned to ready: instances by pod UID, in the round with the fewest; peak: alive at once; complete: rounds in which every service answered; time to all: their median; " +
	"skew: from the first to the last request being written, in the round with the largest."
