package table

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// None stands where there is no value.
const None = "–"

func point(p *stat.Point) string {
	if p == nil {
		return None
	}
	return p.String()
}

func median(p *analysis.Percentile) string {
	if p == nil {
		return None
	}
	return p.String()
}

// Interval prints the interval of a percentile.
func Interval(p *analysis.Percentile) string {
	if p == nil || (p.Interval.Low == nil && p.Interval.High == nil) {
		return None
	}
	return end(p.Interval.Low) + " … " + end(p.Interval.High)
}

func end(p *stat.Point) string {
	if p == nil {
		return "?"
	}
	return p.String()
}

// tail prints an upper percentile with its upper bound, or says that it is the
// maximum.
func tail(p *analysis.Percentile) string {
	switch {
	case p == nil:
		return None
	case p.Over:
		return p.String()
	case p.Maximum:
		return p.String() + " (max)"
	case p.Upper != nil:
		return p.String() + " (" + AtMost(*p.Upper) + ")"
	}
	return p.String()
}

// AtMost prints an upper bound. One that falls on a start that was not answered bounds
// nothing, and says so.
func AtMost(p stat.Point) string {
	if p.Over {
		return "bound " + p.String()
	}
	return "≤" + p.String()
}

func ratio(cells []analysis.Cell, i int) string {
	first := slices.IndexFunc(cells, func(c analysis.Cell) bool { return c.Services == cells[i].Services })
	r := cells[i].Ratio
	switch {
	case i == first && cells[i].Measured > 0:
		return "1"
	case r == nil:
		return None
	}
	return RatioText(*r)
}

// RatioText prints a ratio with its interval.
func RatioText(r stat.Ratio) string {
	value := fmt.Sprintf("%.2f", r.Value)
	if r.Over {
		value = ">" + value
	}
	return value + RatioInterval(r)
}

// RatioInterval prints the interval of a ratio. It is empty where none is known.
func RatioInterval(r stat.Ratio) string {
	if !r.Interval {
		return ""
	}
	high := "?"
	if h := float64(r.High); !math.IsInf(h, 0) {
		high = fmt.Sprintf("%.2f", h)
	}
	return fmt.Sprintf(" (%.2f … %s)", r.Low, high)
}

// failed prints the failures with their causes.
func failed(c analysis.Counts) string {
	n := c.Failures() + c.NotMade
	if n == 0 {
		return "0"
	}
	causes := Causes(c.Failed)
	if c.NotMade > 0 {
		causes = strings.TrimSuffix(fmt.Sprintf("%d not made, %s", c.NotMade, causes), ", ")
	}
	return fmt.Sprintf("%d (%s)", n, causes)
}

// Causes counts failures by outcome, the most frequent first.
func Causes(failed map[record.Outcome]int) string {
	outcomes := slices.SortedFunc(maps.Keys(failed), func(a, b record.Outcome) int {
		return cmp.Or(failed[b]-failed[a], cmp.Compare(a, b))
	})
	var list []string
	for _, o := range outcomes {
		list = append(list, fmt.Sprintf("%d %s", failed[o], o))
	}
	return strings.Join(list, ", ")
}
