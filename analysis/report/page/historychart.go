package page

import (
	"fmt"
	"math"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/history"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

const (
	historyWidth = 1000
	// leastStep is how far apart two runs are at least: a chart of many is wider than
	// the page, and scrolls.
	leastStep  = 12
	dateWidth  = 90
	historyEnd = templates.HistoryTop + templates.HistoryHigh
)

// drawing knows where runs and latencies are in the chart of a series. Runs stand evenly
// in the order of time, because a week without runs is no news.
type drawing struct {
	step      float64
	width     int
	low, high float64 // latencies in nanoseconds at the lower and the upper end
}

func newDrawing(s history.Series) drawing {
	n := len(s.Points)
	d := drawing{step: max(leastStep, float64(historyWidth-templates.HistoryLeft)/float64(n)), low: math.Inf(1)}
	d.width = templates.HistoryLeft + int(d.step*float64(n))
	for _, p := range s.Points {
		d.low, d.high = min(d.low, float64(p.Value.Latency)), max(d.high, float64(p.Value.Latency))
	}
	margin := max(0.1*(d.high-d.low), 0.02*d.high, 1)
	d.low, d.high = max(0, d.low-margin), d.high+margin
	return d
}

// x is the middle of a run, or of what is between two.
func (d drawing) x(i float64) int { return templates.HistoryLeft + int(d.step*(i+0.5)) }

func (d drawing) y(latency time.Duration) int {
	return historyEnd - int(math.Round((float64(latency)-d.low)/(d.high-d.low)*templates.HistoryHigh))
}

func (d drawing) chart(s history.Series, id, name string) *templates.HistoryChart {
	c := &templates.HistoryChart{Name: name, Width: d.width, Height: historyEnd + 28}
	for i := range 5 {
		latency := time.Duration(d.low + (d.high-d.low)*float64(i)/4)
		y := d.y(latency)
		c.Grid = append(c.Grid, templates.HistoryTick{Y: y, TextY: y + 4, TextX: templates.HistoryLeft - 6, To: d.width, Text: stat.Format(latency)})
	}
	every := int(math.Ceil(dateWidth / d.step))
	for i := 0; i < len(s.Points); i += every {
		c.Dates = append(c.Dates, templates.HistoryDate{X: d.x(float64(i)), Y: historyEnd + 20, Text: s.Points[i].Started.UTC().Format(time.DateOnly)})
	}
	for i, p := range s.Points {
		c.Points = append(c.Points, d.point(p, i, id))
	}
	d.changes(c, s)
	return c
}

func (d drawing) point(p history.Point, i int, id string) templates.HistoryPoint {
	kind := ""
	if p.Value.Over {
		kind = "over"
	}
	text := fmt.Sprintf("%s %s: %s", htmlTime(p.Started), p.RunID, p.Value)
	if p.Label != "" {
		text += ", " + p.Label
	}
	return templates.HistoryPoint{X: d.x(float64(i)), Y: d.y(p.Value.Latency), Row: rowID(id, i), Kind: kind, Text: table.Plain(text + " (" + p.File + ")")}
}

// changes draws each change between two runs, where it may be, and the level of the runs
// on each side.
func (d drawing) changes(c *templates.HistoryChart, s history.Series) {
	for i, change := range s.Changes {
		direction := "slower"
		if change.Ratio.Value < 1 {
			direction = "faster"
		}
		c.Changes = append(c.Changes, templates.HistoryMark{X: d.x(float64(change.At) - 0.5), Bottom: historyEnd, TextY: templates.HistoryTop - 10,
			Direction: direction, Text: table.ChangeName(change)})
		if change.Earliest < change.Latest {
			from, to := d.x(float64(change.Earliest)-0.5), d.x(float64(change.Latest)-0.5)
			c.Bands = append(c.Bands, templates.HistoryBand{X: from, Width: to - from, Text: "The change is somewhere here, with 90 % confidence."})
		}
		if i == 0 {
			c.Levels = append(c.Levels, d.level(0, change.At, change.Before))
		}
		c.Levels = append(c.Levels, d.level(change.At, change.At+change.RunsAfter, change.After))
	}
}

func (d drawing) level(from, to int, at stat.Point) templates.HistoryLevel {
	return templates.HistoryLevel{From: d.x(float64(from) - 0.4), To: d.x(float64(to) - 0.6), Y: d.y(at.Latency)}
}
