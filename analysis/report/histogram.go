package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

const (
	histogramColumns = 24
	columnWidth      = 2
	histogramWidth   = histogramColumns * columnWidth
	mostLabelWidth   = 18
)

// bars are the steps of a column's height, from nothing to all.
var bars = []rune(" ▁▂▃▄▅▆▇█")

// Histograms writes an empty line and, for each cell with latencies, a line with their
// histogram. All have one logarithmic scale, on which the same ratio is the same width. Of
// each line the column with the most samples has the full height.
//
//	latency  1.09s                                      2.36s
//	runc     ▃▃▅▅██▃▃
//	gvisor                                      ▃▃██▅▅▂▂  ▂▂
func Histograms(w io.Writer, s *analysis.Summary) error {
	scale := latencyScale(s.Cells)
	if scale.high == 0 {
		return nil
	}
	type line struct{ label, drawing string }
	lines := []line{{"latency", scale.head()}}
	for i := range s.Cells {
		c := &s.Cells[i]
		if c.Latencies == nil || c.Latencies.N() == 0 {
			continue
		}
		columns, over := scale.columns(c.Latencies)
		drawing := draw(columns[:])
		if over > 0 {
			drawing = fmt.Sprintf("%-*s  +%d failed", histogramWidth, drawing, over)
		}
		lines = append(lines, line{table.Label(c.Key, s.Cells), drawing})
	}
	width := 0
	for i := range lines {
		lines[i].label = table.Cut(lines[i].label, mostLabelWidth)
		width = max(width, table.Columns(lines[i].label))
	}
	p := printer{w: w}
	p.line("")
	for _, l := range lines {
		p.line("%s", strings.TrimRight(table.Pad(l.label, width)+"  "+l.drawing, " "))
	}
	return p.err
}

// scale is from the smallest latency to the largest.
type scale struct{ low, high time.Duration }

func latencyScale(cells []analysis.Cell) scale {
	var s scale
	for i := range cells {
		set := cells[i].Latencies
		for rank := 1; set != nil && rank <= set.N(); rank++ {
			p := set.Order(rank)
			if p.Over {
				break
			}
			if s.low == 0 || p.Latency < s.low {
				s.low = p.Latency
			}
			s.high = max(s.high, p.Latency)
		}
	}
	return s
}

// head names both ends of the scale.
func (s scale) head() string {
	low, high := stat.Format(s.low), stat.Format(s.high)
	return low + strings.Repeat(" ", histogramWidth-table.Columns(low+high)) + high
}

// columns counts the latencies by where they are on the scale, and those that are not
// known because their requests were not answered.
func (s scale) columns(set *stat.Set) (columns [histogramColumns]int, over int) {
	for rank := 1; rank <= set.N(); rank++ {
		p := set.Order(rank)
		if p.Over {
			return columns, set.N() - rank + 1
		}
		columns[s.column(p.Latency)]++
	}
	return columns, 0
}

func (s scale) column(latency time.Duration) int {
	if s.low == s.high || latency <= s.low {
		return 0
	}
	share := math.Log(float64(latency)/float64(s.low)) / math.Log(float64(s.high)/float64(s.low))
	return min(int(share*histogramColumns), histogramColumns-1)
}

func draw(columns []int) string {
	most := 0
	for _, n := range columns {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range columns {
		step := 0
		if n > 0 {
			step = max(1, int(math.Round(float64(n)/float64(most)*float64(len(bars)-1))))
		}
		b.WriteString(strings.Repeat(string(bars[step]), columnWidth))
	}
	return strings.TrimRight(b.String(), " ")
}
