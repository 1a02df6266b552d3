package table

import (
	"fmt"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/round"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Availability compares when instances became Ready with when they answered.
func Availability(s *analysis.Summary) *Table {
	t := New("runtimeClass", " services", " answered", " first Ready", " all Ready", " first answered", " all answered",
		" answered − Ready", " min", " max", " never answered", " never Ready").
		Spare("answered", "min", "max", "first answered", "first Ready", "never Ready", "never answered")
	for _, c := range s.Cells {
		a := c.Availability
		if a == nil {
			continue
		}
		row := []string{c.RuntimeClass, fmt.Sprint(c.Services), fmt.Sprintf("%d/%d", c.OK, c.Services*len(a.Rounds)), milestone(a.FirstReady), reachedBy(a.AllReady, a.AllReadyRounds, a),
			milestone(a.FirstAnswered), reachedBy(a.AllAnswered, a.AllAnsweredRounds, a), None, None, None}
		if g := a.Gap; g != nil {
			row[7], row[8], row[9] = Milliseconds(g.Median), Milliseconds(g.Min), Milliseconds(g.Max)
		}
		t.Row(append(row, fmt.Sprint(a.NeverAnswered), fmt.Sprint(a.NeverReady))...)
	}
	return t.orNil()
}

func milestone(at *time.Duration) string {
	if at == nil {
		return None
	}
	return stat.Format(*at)
}

// reachedBy also says how many rounds came to the milestone, unless all did.
func reachedBy(at *time.Duration, rounds int, a *round.Availability) string {
	if rounds == len(a.Rounds) {
		return milestone(at)
	}
	return fmt.Sprintf("%s (%d/%d)", milestone(at), rounds, len(a.Rounds))
}

// Milliseconds prints a difference with its sign.
func Milliseconds(d time.Duration) string {
	return strings.Replace(fmt.Sprintf("%+d ms", d.Round(time.Millisecond).Milliseconds()), "+0 ", "0 ", 1)
}

const availabilityNote = "Answered − Ready: how long after the watch told of its being Ready an instance gave its first byte, as the median of all instances, below zero where it answered before. " +
	"Times are since the first request of a round was due, medians over the rounds; all: as many as there are services. " +
	"Never answered: became Ready and gave no right answer; never Ready: the reverse."
