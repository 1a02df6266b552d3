package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Drift is how the median of a cell's cold starts changed from the first half of each
// run to the second.
type Drift struct {
	record.Key
	Change stat.Change
	// Shown says that the halves differ, with the p-values of all cells adjusted
	// together.
	Shown bool
}

// DriftsOf are those of the summary's cells that have samples in both halves of the
// runs, which are the runs that were summarised.
func DriftsOf(s *Summary, runs []*record.Run) []Drift {
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
	var list []Drift
	for i := range s.Cells {
		k := s.Cells[i].Key
		if cells[k] == nil {
			continue
		}
		if first, second := cells[k].set(0), cells[k].set(1); first.N() > 0 && second.N() > 0 {
			list = append(list, Drift{Key: k, Change: stat.ChangeOf(first, second, 0.5, bootstrapSeed)})
		}
	}
	showDrifts(list)
	return list
}

// halves are the latencies of one cell before and after the middle of its runs.
type halves struct {
	observed, limits [2][]time.Duration
	failed           [2]int
}

func (h *halves) add(half int, s *record.Sample) {
	switch {
	case s.Censored():
		h.limits[half] = append(h.limits[half], start.Limit(s))
	case s.Failed():
		h.failed[half]++
	default:
		h.observed[half] = append(h.observed[half], s.ResponseLatency)
	}
}

func (h *halves) set(half int) *stat.Set {
	return stat.NewRanked(h.observed[half], h.limits[half], h.failed[half])
}

// measuredByCell has the samples in the quantiles, in the order in which they were
// sent.
func measuredByCell(r *record.Run) map[record.Key][]*record.Sample {
	cells := map[record.Key][]*record.Sample{}
	for i := range r.Samples {
		if s := &r.Samples[i]; Measured(s) {
			cells[s.Key()] = append(cells[s.Key()], s)
		}
	}
	for _, list := range cells {
		slices.SortStableFunc(list, func(a, b *record.Sample) int { return cmp.Compare(a.Sent, b.Sent) })
	}
	return cells
}

// showDrifts adjusts the p-values of all cells together, so that Alpha is how often
// any of the cells is said to drift if none does.
func showDrifts(list []Drift) {
	var p []float64
	var tested []*Drift
	for i := range list {
		if list[i].Change.Tested {
			p, tested = append(p, float64(list[i].Change.P)), append(tested, &list[i])
		}
	}
	for i, adjusted := range stat.Holm(p) {
		tested[i].Shown = adjusted <= Alpha
	}
}
