package table

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/history"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// PercentileName is a quantile as people write it: p95.
func PercentileName(q float64) string { return "p" + strconv.FormatFloat(100*q, 'g', 12, 64) }

// History has a row for each run of a series. The last column says which runs are the
// first ones after a change.
func History(s history.Series, q float64) *Table {
	of := " starts"
	if s.Loads {
		of = " requests"
	}
	t := New("begun", "run", "label", "image", of, " failed", " "+PercentileName(q), "change").
		Spare("begun", "image", strings.TrimSpace(of))
	for i, p := range s.Points {
		mark := ""
		for _, c := range s.Changes {
			if c.At == i {
				mark = ChangeName(c)
			}
		}
		t.Row(p.Started.UTC().Format(time.DateTime), p.RunID, cmp.Or(p.Label, None), imageName(p), fmt.Sprint(p.Starts), fmt.Sprint(p.Failed), p.Value.String(), mark)
	}
	return t
}

// imageName is the image's digest in short, or its name where the digest is not known.
func imageName(p history.Point) string {
	if digest := strings.TrimPrefix(p.ImageDigest[strings.LastIndex(p.ImageDigest, "@")+1:], "sha256:"); digest != "" {
		return digest[:min(len(digest), 12)]
	}
	return cmp.Or(p.Image, None)
}

// ChangeName is "slower by 25 %" or "faster by 20 %".
func ChangeName(c history.Change) string {
	if v := float64(c.Ratio.Value); v < 1 {
		return "faster by " + percent(1-v)
	}
	if c.Ratio.Over {
		return "slower by at least " + percent(float64(c.Ratio.Value)-1)
	}
	return "slower by " + percent(float64(c.Ratio.Value)-1)
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }

// ChangeText is all that is to be said about a change: from what to what, between which
// runs, and how sure that is.
func ChangeText(c history.Change, s history.Series) string {
	text := fmt.Sprintf("%s, from %s over %s to %s over %s (%s), between %s and %s; p = %s",
		ChangeName(c), c.Before, runs(c.RunsBefore), c.After, runs(c.RunsAfter), bounds(c.Ratio), name(s.Points[c.At-1]), name(s.Points[c.At]), stat.PText(c.P))
	if c.Earliest < c.Latest {
		return text + fmt.Sprintf("; with 90 %% confidence the first such run is one from %s to %s", name(s.Points[c.Earliest]), name(s.Points[c.Latest]))
	}
	return text
}

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// name is a run and its label.
func name(p history.Point) string {
	if p.Label == "" {
		return p.RunID
	}
	return fmt.Sprintf("%s (%s)", p.RunID, p.Label)
}

// bounds are those of a ratio, each with a confidence of its own.
func bounds(r stat.Ratio) string {
	low, high := "no lower bound", "no upper bound"
	if r.Low > 0 {
		low = "at least " + signed(float64(r.Low)-1)
	}
	if !math.IsInf(float64(r.High), 1) {
		high = "at most " + signed(float64(r.High)-1)
	}
	return "with 95 % confidence " + low + ", " + high
}

func signed(share float64) string {
	if share > 0 {
		return "+" + percent(share)
	}
	return percent(share)
}

// SeriesText says what a series is of.
func SeriesText(s history.Series) string {
	if len(s.Points) == 0 {
		return "no run can be used"
	}
	text := fmt.Sprintf("%s, each judged by its first %d starts", runs(len(s.Points)), s.SamplesPerRun)
	if s.Loads {
		text = fmt.Sprintf("%s, each of a load of %d requests or more, which is one observation", runs(len(s.Points)), s.SamplesPerRun)
	}
	if v := float64(s.Spread); !math.IsNaN(v) {
		text += fmt.Sprintf("; runs differ by ±%s where nothing changed (standard deviation)", percent(v))
	}
	return text
}

// NoChangeText says that none was found, or why none could be.
func NoChangeText(s history.Series) string {
	if n := len(s.Points); n < history.LeastRuns {
		return fmt.Sprintf("%s cannot show a change: it takes %d", runs(n), history.LeastRuns)
	}
	return "no change is shown"
}

// ApartText is a run that is not used, and why.
func ApartText(a history.Apart) string {
	return fmt.Sprintf("run %s (%s): %s", cmp.Or(a.RunID, "without a name"), a.File, a.Reason)
}

// HistoryNote says how sure a history is.
const HistoryNote = "Changes are found by E-divisive means with a permutation test over runs: a series without any shows one in 5 % of the cases, each time that it is looked at."
