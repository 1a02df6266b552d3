package report

import (
	"fmt"
	"io"
	"math"

	"github.com/kn-coldstart/kn-coldstart/analysis/gate"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
)

// Calibration writes the noise of a cluster and the gate that suits it.
func Calibration(w io.Writer, c *gate.Calibration) error {
	t := table.New("runtimeClass", "", " value", " runs", " differ by", " of that between runs", " false alarms", fmt.Sprintf(" +%.0f %% caught", 100*c.Goal.Worse)).
		Spare("of that between runs")
	for _, n := range c.Noise {
		t.Row(cellName(n.Key), percentileName(n.Quantile), n.Value.String(), fmt.Sprintf("%d × %d", n.Runs, n.Samples),
			share(n.Seen), share(math.Min(n.Between, n.Seen)), share(n.FalseAlarms), share(n.Caught))
	}
	p := printer{w: w}
	p.table(t)
	p.line("")
	d := c.Proposal
	design := fmt.Sprintf("%d runs of %d samples a side, tolerance %s or %s", d.Runs, d.Samples, share(d.Tolerance.Share), d.Tolerance.Absolute)
	if c.Reached {
		p.line("Proposed: %s.", design)
	} else {
		p.line("The goal, to catch +%.0f %% %.0f %% of the time, is out of reach: even %s do not.", 100*c.Goal.Worse, 100*c.Goal.Power, design)
	}
	p.narrowed()
	return p.err
}

// CalibrationJSON writes a calibration as one indented object.
func CalibrationJSON(w io.Writer, c *gate.Calibration) error { return writeJSON(w, c) }

func share(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
