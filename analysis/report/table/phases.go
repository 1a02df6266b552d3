package table

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// PhaseNote explains the table of phases.
const PhaseNote = "Medians of the cold starts that succeeded; they do not add up exactly."

// Phases has the medians of the cells' phases, the resolution of each step, and the
// clock that it was read from. The number n of a row is that of the median since the
// request.
func Phases(s *analysis.Summary) *Table {
	t := New("runtimeClass", "phase", " n", " since request", " step", " resolution", "clock").Spare("resolution")
	for _, c := range s.Cells {
		name := Label(c.Key, s.Cells)
		for _, p := range c.Phases {
			t.Row(name, string(p.Name), fmt.Sprint(p.Samples), stat.Format(p.SinceRequested), phaseStep(p), stat.Format(p.Resolution), p.Clock)
			name = ""
		}
	}
	return t
}

// phaseStep has the number of samples of the step where it is not that of the row.
func phaseStep(p analysis.Phase) string {
	if p.StepSamples == p.Samples {
		return stat.Format(p.Step)
	}
	return fmt.Sprintf("(n %d) %s", p.StepSamples, stat.Format(p.Step))
}

// Label names a cell among others: its class, with the number of services unless all
// of them have one service.
func Label(k record.Key, all []analysis.Cell) string {
	if manyServices(all) {
		return fmt.Sprintf("%s/%d", k.Class(), k.Services)
	}
	return k.Class().String()
}
