package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// availabilityTable holds Ready against answering; nil where services were not
// fired together.
func availabilityTable(s *analysis.Summary) *table {
	t := newTable("runtimeClass", " services", " answered", " first Ready", " all Ready", " first answered", " all answered",
		" answered − Ready", " min", " max", " never answered", " never Ready")
	for _, c := range s.Cells {
		a := c.Availability
		if a == nil {
			continue
		}
		row := []string{c.RuntimeClass, fmt.Sprint(c.Services), fmt.Sprintf("%d/%d", c.OK, c.Services*len(a.Rounds)), milestone(a.FirstReady), reachedBy(a.AllReady, a.AllReadyRounds, a),
			milestone(a.FirstAnswered), reachedBy(a.AllAnswered, a.AllAnsweredRounds, a), none, none, none}
		if g := a.Gap; g != nil {
			row[7], row[8], row[9] = milliseconds(g.Median), milliseconds(g.Min), milliseconds(g.Max)
		}
		t.row(append(row, fmt.Sprint(a.NeverAnswered), fmt.Sprint(a.NeverReady))...)
	}
	if len(t.rows) == 0 {
		return nil
	}
	return t
}

func milestone(at *time.Duration) string {
	if at == nil {
		return none
	}
	return stat.Format(*at)
}

// reachedBy says how many rounds came to a milestone where not all did.
func reachedBy(at *time.Duration, rounds int, a *analysis.Availability) string {
	if rounds == len(a.Rounds) {
		return milestone(at)
	}
	return fmt.Sprintf("%s (%d/%d)", milestone(at), rounds, len(a.Rounds))
}

// milliseconds prints a difference with its sign.
func milliseconds(d time.Duration) string {
	return strings.Replace(fmt.Sprintf("%+d ms", d.Round(time.Millisecond).Milliseconds()), "+0 ", "0 ", 1)
}

const availabilityNote = "Answered − Ready: how long after the watch told of its being Ready an instance gave its first byte, as the median of all instances, below zero where it answered before. " +
	"Times are since the first request of a round was due, medians over the rounds; all: as many as there are services. " +
	"Never answered: became Ready and gave no right answer; never Ready: the reverse."
