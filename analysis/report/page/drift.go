package page

import (
	"fmt"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

func driftTable(drifts []analysis.Drift, s *analysis.Summary) *table.Table {
	t := table.New("runtimeClass", " first half", " second half", " ratio", "drift")
	for _, d := range drifts {
		times, verdict := table.None, "too few samples to say"
		if d.Change.Ratio != nil {
			times = table.RatioText(*d.Change.Ratio)
		}
		if d.Change.Tested {
			verdict = "none shown"
		}
		if d.Shown {
			verdict = "shown"
		}
		t.Row(table.Label(d.Key, s.Cells), d.Change.Base.String(), d.Change.New.String(), times, verdict)
	}
	return t
}

func driftCheck(drifts []analysis.Drift) (state, value, note string) {
	tested, state := 0, "unknown"
	for _, d := range drifts {
		if d.Change.Tested {
			tested++
		}
		if d.Shown {
			state = "bad"
			note += fmt.Sprintf("%s: the second half of the run took %s times the first. ", table.Plain(d.Key.String()), ratioOrNone(d.Change.Ratio))
		}
	}
	switch {
	case state == "bad":
		return state, "shown", note
	case tested == 0:
		return state, "cannot be said", "It takes more samples per class."
	}
	return "good", "none shown", "The medians of the run's two halves do not differ."
}

func ratioOrNone(r *stat.Ratio) string {
	if r == nil {
		return table.None
	}
	return table.RatioText(*r)
}
