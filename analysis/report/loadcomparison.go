package report

import (
	"fmt"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

const loadComparisonNote = "In brackets: the least and the most of the loads of a side. Chance: how often chance alone lets all loads of one side lie beside those of the other, " +
	"adjusted for all rows (Holm). " + notShown + ": no difference is shown, because the loads of the sides mix or are too few: " +
	"it takes six on each side, and seven where the table has more than 23 rows. cpuPerRequest is the CPU time of the instances."

// loadComparison has a row for each measure of loads.
func loadComparison(c *analysis.Comparison) *table.Table {
	t := table.New("base", "new", "load", "measure", " base", " new", " ratio", " chance")
	for _, row := range c.Loads {
		ratio, chance := notShown, table.None
		if row.Shown {
			ratio = timesText(row)
		}
		if row.Chance < 1 {
			chance = stat.PText(row.AdjustedChance)
		}
		unit := unitOf(row.Measure)
		t.Row(row.Base.String(), row.New.String(), row.Rate, row.Measure, loadValues(row.BaseLoads, unit), loadValues(row.NewLoads, unit), ratio, chance)
	}
	t.Ditto(0, 1, 2)
	return t
}

func unitOf(measure string) string {
	for _, m := range analysis.LoadMeasures {
		if m.Name == measure {
			return m.Unit
		}
	}
	return ""
}

func timesText(row analysis.LoadRow) string {
	times := float64(row.NewLoads.Median) / float64(row.BaseLoads.Median)
	if math.IsNaN(times) || math.IsInf(times, 0) {
		return "differs"
	}
	return fmt.Sprintf("%.2f", times)
}

func loadValues(v analysis.LoadValues, unit string) string {
	median := loadValue(v.Median, unit)
	if v.Loads == 1 {
		return median
	}
	return fmt.Sprintf("%s (%s … %s)", median, loadValue(v.Low, unit), loadValue(v.High, unit))
}

func loadValue(v stat.Real, unit string) string {
	switch f := float64(v); {
	case math.IsInf(f, 0) && unit == "ns":
		return "a failure"
	case unit == "ns":
		return stat.Format(time.Duration(f))
	case unit == "share":
		return fmt.Sprintf("%.2f %%", 100*f)
	default:
		return fmt.Sprintf("%.0f", f)
	}
}
