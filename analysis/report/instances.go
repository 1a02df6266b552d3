package report

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// instanceTable counts instances where services were fired together; nil where
// none were. Counts are those of the round with the fewest.
func instanceTable(s *analysis.Summary) *table {
	t := newTable("runtimeClass", " services", " rounds", " answered", " spawned", " ready", " peak", " complete", " time to all")
	for _, c := range s.Cells {
		in := c.Instances
		if in == nil {
			continue
		}
		peak, all := none, none
		if in.Peak > 0 {
			peak = fmt.Sprint(in.Peak)
		}
		if in.Complete > 0 {
			all = stat.Format(in.TimeToAll)
		}
		t.row(c.Class(), fmt.Sprint(c.Services), fmt.Sprint(in.Rounds), fmt.Sprintf("%d/%d", c.OK, c.Samples),
			fmt.Sprint(in.Spawned), fmt.Sprint(in.Ready), peak, fmt.Sprintf("%d/%d", in.Complete, in.Rounds), all)
	}
	if len(t.rows) == 0 {
		return nil
	}
	return t
}
