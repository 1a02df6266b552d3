package table

import (
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
)

// Summary has a row for each cell. It is never nil.
func Summary(s *analysis.Summary) *Table {
	many := manyServices(s.Cells)
	head := []string{"runtimeClass", " services", " n", " cold", " failed", " min", " p50", " 95 % interval", " p95", " p99", " max", " ratio"}
	if !many {
		head = slices.Delete(head, 1, 2)
	}
	t := New(head...).
		Spare("min", "max", "p99", "cold", "95 % interval", "ratio")
	for i := range s.Cells {
		c := &s.Cells[i]
		row := []string{c.Class().String(), fmt.Sprint(c.Services), fmt.Sprint(c.Planned()), fmt.Sprint(c.Cold), failed(c.Counts),
			point(c.Min), median(c.P50), Interval(c.P50), tail(c.P95), tail(c.P99), point(c.Max), ratio(s.Cells, i)}
		if !many {
			row = slices.Delete(row, 1, 2)
		}
		t.Row(row...)
	}
	return t
}

// manyServices says that the number of services is not always one.
func manyServices(cells []analysis.Cell) bool {
	return slices.ContainsFunc(cells, func(c analysis.Cell) bool { return c.Services != 1 })
}

// All are the tables of the summary: that of the starts, unless there are loads or works
// alone, and the further ones as far as the summary has them.
func All(s *analysis.Summary) []*Table {
	var starts *Table
	if len(s.Cells) > 0 || len(s.Loads) == 0 && s.Work == nil {
		starts = Summary(s)
	}
	all := []*Table{starts, Work(s), WorkMemory(s), Loads(s), Scaling(s), Used(s), Instances(s), Shortfalls(s), Availability(s), Memory(s), Limits(s), Deployments(s), DeployTimes(s), Handlers(s)}
	return slices.DeleteFunc(all, func(t *Table) bool { return t == nil })
}
