package headway

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// mostBars is how wide the histogram may be.
const mostBars = 16

// Status is the line about a state that fits into the width: what comes last is left out
// first.
func (s State) Status(width int) string {
	line := ""
	for _, part := range s.parts() {
		longer := line + part
		if line != "" {
			longer = line + " · " + part
		}
		if table.Columns(longer) > width {
			break
		}
		line = longer
	}
	return line
}

// parts are those of the status, the most important first.
func (s State) parts() []string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case s.Done == 0 && s.Planned == 0:
		return []string{s.Experiment}
	case s.Planned > 0:
		add("%d/%d done", s.Done, s.Planned)
	default:
		add("%d done", s.Done)
	}
	add("%d failed", s.Failed)
	if s.RatePerSecond > 0 {
		add("%s", rateText(s.RatePerSecond))
	}
	if s.SecondsLeft != nil {
		add("%s %s left", s.certainty(), leftText(time.Duration(*s.SecondsLeft*float64(time.Second))))
	}
	if text := s.picture(); text != "" {
		add("%s", text)
	}
	return parts
}

// picture is the histogram of the latencies, or the course of p99 by second.
func (s State) picture() string {
	if bars := s.spread.draw(mostBars); bars != "" {
		return stat.Format(s.spread.min) + " " + bars + " " + stat.Format(s.spread.max)
	}
	values := make([]float64, len(s.p99s))
	for i, p99 := range s.p99s {
		values[i] = p99.Seconds()
	}
	if drawn := bars(values); strings.TrimSpace(drawn) != "" {
		return "p99 by second " + drawn
	}
	return ""
}

// rateText is a rate in the unit in which it is at least one.
func rateText(perSecond float64) string {
	switch {
	case perSecond >= 1:
		return twoDigits(perSecond) + "/s"
	case perSecond*60 >= 1:
		return twoDigits(perSecond*60) + "/min"
	}
	return twoDigits(perSecond*3600) + "/h"
}

// twoDigits has at least two digits, and a third one only before the point.
func twoDigits(v float64) string {
	if v < 9.95 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// certainty is how well it is known what is left.
func (s State) certainty() string {
	if s.atMost {
		return "at most"
	}
	return "about"
}

// leftText is a time, to the second or of long ones to the minute.
func leftText(d time.Duration) string {
	if d >= 10*time.Minute {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return d.Round(time.Second).String()
}
