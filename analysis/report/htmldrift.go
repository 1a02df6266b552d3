package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// drift is how the median of a cell's cold starts changed from the first half of
// each run to the second.
type drift struct {
	record.Key
	Change stat.Change
	// Shown says that the halves differ, with all cells taken together.
	Shown bool
}

// driftSeed makes the interval the same each time a file is read, driftLevel is
// how often one of the cells may be said to drift that does not.
const (
	driftSeed  = 1
	driftLevel = 1 - stat.Confidence
)

// halves are the latencies of one cell before and after the middle of its runs.
type halves struct{ observed, limits [2][]time.Duration }

func (h *halves) add(half int, s *record.Sample) {
	if s.Censored() {
		h.limits[half] = append(h.limits[half], analysis.Limit(s))
	} else {
		h.observed[half] = append(h.observed[half], s.ResponseLatency)
	}
}

func (h *halves) set(half int) *stat.Set { return stat.NewSet(h.observed[half], h.limits[half]) }

// driftsOf has those of the summary's cells whose halves both have samples.
func driftsOf(s *analysis.Summary, runs []*record.Run) []drift {
	cells := map[record.Key]*halves{}
	for _, r := range runs {
		for k, list := range measuredByCell(r) {
			if cells[k] == nil {
				cells[k] = &halves{}
			}
			for i, sample := range list {
				cells[k].add(2*i/len(list), sample)
			}
		}
	}
	var list []drift
	for i := range s.Cells {
		k := s.Cells[i].Key
		if cells[k] == nil {
			continue
		}
		if first, second := cells[k].set(0), cells[k].set(1); first.N() > 0 && second.N() > 0 {
			list = append(list, drift{Key: k, Change: stat.ChangeOf(first, second, 0.5, driftSeed)})
		}
	}
	judgeDrifts(list)
	return list
}

func measuredByCell(r *record.Run) map[record.Key][]*record.Sample {
	cells := map[record.Key][]*record.Sample{}
	for i := range r.Samples {
		if s := &r.Samples[i]; analysis.Measured(s) {
			k := s.Key()
			cells[k] = append(cells[k], s)
		}
	}
	for _, list := range cells {
		slices.SortStableFunc(list, func(a, b *record.Sample) int { return cmp.Compare(a.Sent, b.Sent) })
	}
	return cells
}

// judgeDrifts takes the p-values of all cells together.
func judgeDrifts(list []drift) {
	var p []float64
	var tested []*drift
	for i := range list {
		if list[i].Change.Tested {
			p, tested = append(p, float64(list[i].Change.P)), append(tested, &list[i])
		}
	}
	for i, adjusted := range stat.Holm(p) {
		tested[i].Shown = adjusted <= driftLevel
	}
}

func driftTable(drifts []drift, s *analysis.Summary) *table {
	t := newTable("runtimeClass", " first half", " second half", " ratio", "drift")
	for _, d := range drifts {
		times, verdict := none, "too few samples to say"
		if d.Change.Ratio != nil {
			times = RatioText(*d.Change.Ratio)
		}
		if d.Change.Tested {
			verdict = "none shown"
		}
		if d.Shown {
			verdict = "shown"
		}
		t.row(label(analysis.Cell{Key: d.Key}, s.Cells), d.Change.Base.String(), d.Change.New.String(), times, verdict)
	}
	return t
}

func driftCheck(drifts []drift) (state, value, note string) {
	tested, state := 0, "unknown"
	for _, d := range drifts {
		if d.Change.Tested {
			tested++
		}
		if d.Shown {
			state = "bad"
			note += fmt.Sprintf("%s: the second half of the run took %s times the first. ", plain(d.Key.String()), ratioOrNone(d.Change.Ratio))
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
		return none
	}
	return RatioText(*r)
}
