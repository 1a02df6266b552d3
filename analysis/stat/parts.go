package stat

import (
	"math"
	"slices"
	"time"

	"github.com/aclements/go-moremath/mathx"
)

// Parts are sets of samples that depend on one another within a set, such as runs. A
// part is nil where it has no sample.
type Parts []*Set

// some are the places of the parts that have samples.
func (p Parts) some() []int {
	var places []int
	for i, s := range p {
		if s != nil && s.n > 0 {
			places = append(places, i)
		}
	}
	return places
}

// Several says that more than one part has samples, so that they tell how much parts
// differ.
func (p Parts) Several() bool { return p.Number() > 1 }

// Number is how many parts have samples.
func (p Parts) Number() int { return len(p.some()) }

// Joined is all samples as one set.
func (p Parts) Joined() *Set {
	places := p.some()
	if len(places) == 1 {
		return p[places[0]]
	}
	all := &Set{}
	for _, i := range places {
		s := p[i]
		all.n, all.censored, all.failed = all.n+s.n, all.censored+s.censored, all.failed+s.failed
		if s.limit > 0 && (all.limit == 0 || s.limit < all.limit) {
			all.limit = s.limit
		}
		all.highest.Latency = max(all.highest.Latency, s.highest.Latency)
		all.highest.Over = all.highest.Over || s.highest.Over
		all.highest.Failed = all.highest.Failed || s.highest.Failed
		all.observed = append(all.observed, s.observed...)
	}
	slices.Sort(all.observed)
	if all.ranked = all.observed; all.limit > 0 {
		after, _ := slices.BinarySearch(all.observed, all.limit+1)
		all.ranked = all.observed[:after]
	}
	return all
}

// logQuantile is that of the joined parts at some places, without joining them. What
// has no rank counts as most.
func (p Parts) logQuantile(q float64, places []int, most time.Duration) float64 {
	n, limit := 0, time.Duration(math.MaxInt64)
	for _, i := range places {
		n += p[i].n
		if p[i].limit > 0 {
			limit = min(limit, p[i].limit)
		}
	}
	rank := Rank(q, n)
	upTo := func(d time.Duration) (count int) {
		for _, i := range places {
			at, _ := slices.BinarySearch(p[i].ranked, d+1)
			count += at
		}
		return count
	}
	if upTo(min(limit, most)) < rank {
		return logOf(most)
	}
	low, high := time.Duration(0), min(limit, most)
	for low < high {
		middle := low + (high-low)/2
		if upTo(middle) >= rank {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return logOf(low)
}

// highest is the largest latency that is known of any part.
func (p Parts) highest() time.Duration {
	most := time.Duration(1)
	for _, i := range p.some() {
		most = max(most, p[i].highest.Latency)
	}
	return most
}

// Interval is the two-sided interval of the q-quantile of all parts together, and
// Upper its one-sided upper bound. They come from how much the parts differ
// (ClusterError), and are no narrower than if all samples were independent. Those of
// a single part are the part's own.
func (p Parts) Interval(q, confidence float64) Interval {
	interval := p.Joined().Interval(q, confidence)
	if !p.Several() {
		return interval
	}
	low, high := p.bounds(q, 1-(1-confidence)/2)
	return Interval{Low: widen(interval.Low, low, false), High: widen(interval.High, high, true)}
}

// Upper is the one-sided upper bound; see Interval.
func (p Parts) Upper(q, confidence float64) *Point {
	upper := p.Joined().Upper(q, confidence)
	if !p.Several() {
		return upper
	}
	_, high := p.bounds(q, confidence)
	return widen(upper, high, true)
}

// bounds are what the parts leave open of the logarithm of the q-quantile.
func (p Parts) bounds(q, confidence float64) (low, high float64) {
	places, most := p.some(), p.highest()
	values, without := make([]float64, len(places)), make([]float64, len(places))
	sizes := make([]int, len(places))
	for k, i := range places {
		values[k], sizes[k] = p.logQuantile(q, places[k:k+1], most), p[i].n
		without[k] = p.logQuantile(q, but(places, k), most)
	}
	pooled := p.logQuantile(q, places, most)
	half := student(len(places)-1, confidence) * ClusterError(values, sizes, without)
	return pooled - half, pooled + half
}

func but(places []int, k int) []int {
	return slices.Concat(places[:k], places[k+1:])
}

// widen moves an end of an interval out to the logarithm of a latency. What is over a
// limit stays so.
func widen(end *Point, to float64, up bool) *Point {
	if end == nil || end.Over && up {
		return end
	}
	d := time.Duration(min(math.Exp(to), math.MaxInt64/2))
	if up == (d > end.Latency) {
		return &Point{Latency: d}
	}
	return end
}

// ChangeOfParts compares the q-quantiles as ChangeOf does, and allows for how much the
// parts differ. Where the parts are the same on both sides, as for two classes that
// each run measured, they are compared part by part: the place in the list says which
// belong together. Otherwise each side has its own. A side of one part does not know
// how parts differ, and is taken as it is.
func ChangeOfParts(base, s Parts, paired bool, q float64, seed uint64) Change {
	c := ChangeOf(base.Joined(), s.Joined(), q, seed)
	if c.Ratio == nil || !c.Ratio.Interval {
		return c
	}
	deviation, free := unpairedError(base, s, q)
	if paired {
		deviation, free = pairedError(base, s, q)
	}
	if free > 0 {
		c.allowFor(deviation, free)
	}
	return c
}

// pairedError is the standard error of the logarithm of the ratio, by the ratios of
// the parts that both sides have.
func pairedError(base, s Parts, q float64) (deviation float64, free int) {
	var places []int
	for _, i := range base.some() {
		if i < len(s) && s[i] != nil && s[i].n > 0 {
			places = append(places, i)
		}
	}
	if len(places) < 2 {
		return 0, 0
	}
	most := max(base.highest(), s.highest())
	ratio := func(of []int) float64 { return s.logQuantile(q, of, most) - base.logQuantile(q, of, most) }
	values, without, sizes := make([]float64, len(places)), make([]float64, len(places)), make([]int, len(places))
	for k, i := range places {
		values[k], without[k] = ratio(places[k:k+1]), ratio(but(places, k))
		sizes[k] = min(base[i].n, s[i].n)
	}
	return ClusterError(values, sizes, without), len(places) - 1
}

// unpairedError adds up what each side leaves open.
func unpairedError(base, s Parts, q float64) (deviation float64, free int) {
	var squared float64
	for _, side := range []Parts{base, s} {
		if !side.Several() {
			continue
		}
		_, high := side.bounds(q, Confidence)
		n := len(side.some())
		one := (high - side.logQuantile(q, side.some(), side.highest())) / student(n-1, Confidence)
		if squared += one * one; free == 0 || n-1 < free {
			free = n - 1
		}
	}
	return math.Sqrt(squared), free
}

// allowFor widens the intervals and raises the p-value by a standard error of the
// logarithm of the ratio.
func (c *Change) allowFor(deviation float64, free int) {
	ratio := c.Ratio
	centre, half := math.Log(max(float64(ratio.Value), 1e-12)), student(free, 1-(1-Confidence)/2)*deviation
	low, high := math.Exp(centre-half), math.Exp(centre+half)
	ratio.Low, ratio.High = min(ratio.Low, Real(low)), max(ratio.High, Real(high))
	if d := c.Difference; d != nil && d.Interval {
		base := float64(c.Base.Latency)
		d.Low, d.High = min(d.Low, Real(base*(low-1))), max(d.High, Real(base*(high-1)))
	}
	if deviation > 0 {
		t := centre / deviation
		p := mathx.BetaInc(float64(free)/(float64(free)+t*t), float64(free)/2, 0.5)
		c.P = max(c.P, Real(p))
	}
}
