package history

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Change is where the runs of a series changed for good.
type Change struct {
	// At is the place in Points of the first run after the change. LastBefore and
	// FirstAfter are the runs on both sides of it.
	At         int    `json:"at"`
	LastBefore string `json:"lastBefore"`
	FirstAfter string `json:"firstAfter"`
	// Earliest and Latest are the places in Points between which the first run after the
	// change is, with 90 % confidence.
	Earliest int `json:"earliest"`
	Latest   int `json:"latest"`
	// RunsBefore and RunsAfter are how many runs there are up to the next change.
	RunsBefore int `json:"runsBefore"`
	RunsAfter  int `json:"runsAfter"`
	// Before and After are the geometric means of their quantiles.
	Before stat.Point `json:"before"`
	After  stat.Point `json:"after"`
	// Ratio is After over Before. Low and High are one-sided bounds, each at
	// stat.Confidence, by the permutations of the runs, wherever between Earliest and
	// Latest the change is.
	Ratio stat.Ratio `json:"ratio"`
	// P is the chance of a change as clear as this one somewhere, in runs that come in
	// any order.
	P stat.Real `json:"p"`
}

const (
	// redraws is how many times the place of a change is looked for again.
	redraws = 300
	// outside is the share of them that is left out at each end.
	outside = 0.05
	// mostPermutations is how many are listed for the bounds of a change.
	mostPermutations = 20_000
)

// change looks for changes in the logarithms of the runs' quantiles.
func (s *Series) change(values []float64, over []bool, seed uint64) {
	found := divide(values, seed)
	slices.SortFunc(found, func(a, b split) int { return cmp.Compare(a.at, b.at) })
	ends := []int{0}
	for _, f := range found {
		ends = append(ends, f.at)
	}
	ends = append(ends, len(values))
	rng := stat.NewRand(seed)
	for i, f := range found {
		w := window{values: values, over: over, from: ends[i], at: f.at, to: ends[i+2]}
		c := w.change()
		c.P, c.LastBefore, c.FirstAfter = stat.Real(f.p), s.Points[f.at-1].RunID, s.Points[f.at].RunID
		c.Earliest, c.Latest = w.place(rng)
		low, high := w.bounds(seed, c.Earliest, w.at, c.Latest)
		c.Ratio.Low, c.Ratio.High = stat.Real(low), stat.Real(high)
		s.Changes = append(s.Changes, c)
	}
	s.Spread = spread(values, ends)
}

// spread is the standard deviation within the stretches.
func spread(values []float64, ends []int) stat.Real {
	var squares float64
	free := 0
	for i := range len(ends) - 1 {
		if part := values[ends[i]:ends[i+1]]; len(part) > 1 {
			free += len(part) - 1
			squares += stat.Variance(part) * float64(len(part)-1)
		}
	}
	if free == 0 {
		return stat.Real(math.NaN())
	}
	return stat.Real(math.Expm1(math.Sqrt(squares / float64(free))))
}

// window is two stretches and the change between them.
type window struct {
	values       []float64
	over         []bool
	from, at, to int
}

func (w window) before() []float64 { return w.values[w.from:w.at] }
func (w window) after() []float64  { return w.values[w.at:w.to] }

func (w window) change() Change {
	before, after := w.before(), w.after()
	overBefore, overAfter := w.isOver()
	x, y := stat.Mean(before), stat.Mean(after)
	return Change{
		At: w.at, RunsBefore: len(before), RunsAfter: len(after), Before: geometric(x, overBefore), After: geometric(y, overAfter),
		Ratio: stat.Ratio{Value: stat.Real(math.Exp(y - x)), Over: overAfter, Interval: true},
	}
}

// isOver says whether a quantile of each side lies among failures or timeouts.
func (w window) isOver() (before, after bool) {
	return slices.Contains(w.over[w.from:w.at], true), slices.Contains(w.over[w.at:w.to], true)
}

// bounds are those of the ratio, wherever of the places the change is.
func (w window) bounds(seed uint64, places ...int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, at := range slices.Compact(places) {
		perms := stat.NewPermutations(at-w.from, w.to-at, mostPermutations, seed)
		l, h := perms.Bounds(w.values[w.from:w.to], stat.Confidence)
		low, high = min(low, l), max(high, h)
	}
	overBefore, overAfter := w.isOver()
	if overAfter {
		high = math.Inf(1)
	}
	if overBefore {
		low = math.Inf(-1)
	}
	return math.Exp(low), math.Exp(high)
}

func geometric(log float64, over bool) stat.Point {
	return stat.Point{Latency: time.Duration(math.Exp(log)), Over: over}
}

// place is between which places the change is: it is looked for again in runs drawn from
// those on either side of it.
func (w window) place(rng *rand.Rand) (earliest, latest int) {
	before, after := w.before(), w.after()
	var places []int
	drawn := make([]float64, 0, w.to-w.from)
	var s search
	for range redraws {
		drawn = drawn[:0]
		for range before {
			drawn = append(drawn, before[rng.IntN(len(before))])
		}
		for range after {
			drawn = append(drawn, after[rng.IntN(len(after))])
		}
		places = append(places, w.from+s.of(drawn).whole.at)
	}
	slices.Sort(places)
	cut := int(outside * redraws)
	return min(places[cut], w.at), max(places[redraws-1-cut], w.at)
}
