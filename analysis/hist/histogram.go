// Package hist keeps latencies in HDR histograms: one for each RuntimeClass, or for
// each class and number of services. They are a form in which results can be exchanged
// and merged. The samples in the run file remain what is exact.
//
// A value is whole nanoseconds, kept to three significant digits between one
// microsecond and one hour. A censored sample is no value, because it is not known how
// long it would have taken. It is counted beside the values, and a quantile that lies
// among the censored samples says so. In a log, which knows nothing but values, it
// stands at the top of the range.
package hist

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// The range and precision of every histogram are those of a run file's.
const (
	Lowest  = record.LowestLatency
	Highest = record.HighestLatency
	Digits  = record.LatencyDigits
)

// Histogram holds the latencies of one tag. It is not safe for concurrent use.
type Histogram struct {
	// Start and End are the interval in which the samples were taken.
	Start, End time.Time

	tag      string
	values   *hdrhistogram.Histogram
	censored int64
	bound    time.Duration
}

// New returns an empty histogram. A tag names what is in it and must not hold a
// comma, white space or a line break, which a log could not carry.
func New(tag string) (*Histogram, error) {
	if strings.ContainsAny(tag, ", \t\r\n") {
		return nil, fmt.Errorf("histogram tag %q: a tag holds no comma, space or line break", tag)
	}
	return &Histogram{tag: tag, values: hdrhistogram.New(int64(Lowest), int64(Highest), Digits)}, nil
}

// CellTag is the tag of a class, or of a class fired on several services at once.
func CellTag(runtimeClass string, services int) string {
	if services <= 1 {
		return runtimeClass
	}
	return fmt.Sprintf("%s/%d", runtimeClass, services)
}

// Tag is the histogram's name.
func (h *Histogram) Tag() string { return h.tag }

// Record adds a latency. Under Lowest it counts as Lowest, and over Highest as a
// censored sample of which that is known. A negative one is refused.
func (h *Histogram) Record(latency time.Duration) error {
	switch {
	case latency < 0:
		return fmt.Errorf("record latency %v in histogram %q: it is negative", latency, h.tag)
	case latency > Highest:
		h.Censor(Highest)
		return nil
	}
	return h.values.RecordValue(int64(max(latency, Lowest)))
}

// Censor counts a sample of which it is only known that it took longer than bound.
func (h *Histogram) Censor(bound time.Duration) { h.addCensored(1, bound) }

func (h *Histogram) addCensored(n int64, bound time.Duration) {
	if n == 0 {
		return
	}
	if h.censored == 0 || bound < h.bound {
		h.bound = bound
	}
	h.censored += n
}

// Count is the number of samples, censored ones included.
func (h *Histogram) Count() int64 { return h.values.TotalCount() + h.censored }

// Censored is the number of censored samples, and the shortest time that one of
// them is known to exceed.
func (h *Histogram) Censored() (n int64, bound time.Duration) { return h.censored, h.bound }

// Max is the largest latency recorded, zero when there is none.
func (h *Histogram) Max() time.Duration { return time.Duration(h.values.Max()) }

// Quantile is the smallest latency that at least the share q in [0,1] of all
// samples does not exceed, to the histogram's precision; zero when it is empty.
//
// Censored samples rank above the values, as they do when all had the same
// client timeout. Where the quantile falls among them, or above a bound that one
// of them is only known to exceed, it is not known: censored is true, and the
// result is that bound.
func (h *Histogram) Quantile(q float64) (latency time.Duration, censored bool) {
	values := h.values.TotalCount()
	if h.Count() == 0 {
		return 0, false
	}
	rank := quantileRank(q, h.Count())
	if rank > values {
		return h.bound, true
	}
	// The library wants a percentile and rounds it to the nearest rank, so a whole
	// rank comes back as itself.
	latency = time.Duration(h.values.ValueAtPercentile(100 * float64(rank) / float64(values)))
	if h.censored > 0 && latency > h.bound {
		return h.bound, true
	}
	return latency, false
}

// quantileRank is the rank of q among n, from 1 to n.
func quantileRank(q float64, n int64) int64 {
	// The slack keeps 0.29 * 100 at 29 although it is 28.999999999999996 or
	// 29.000000000000004 in floating point.
	rank := int64(math.Ceil(q*float64(n) - 1e-9))
	return min(max(rank, 1), n)
}

// Merge adds the samples of another histogram and spans both intervals.
func (h *Histogram) Merge(from *Histogram) error {
	if dropped := h.values.Merge(from.values); dropped > 0 {
		return fmt.Errorf("merge histogram %q into %q: %d samples do not fit", from.tag, h.tag, dropped)
	}
	h.addCensored(from.censored, from.bound)
	if h.Start.IsZero() || (!from.Start.IsZero() && from.Start.Before(h.Start)) {
		h.Start = from.Start
	}
	if from.End.After(h.End) {
		h.End = from.End
	}
	return nil
}

// UpTo counts, for each bound, the recorded latencies that are certain to be at or below
// it. Bounds are in ascending order.
func (h *Histogram) UpTo(bounds []time.Duration) []int {
	counts, at, sum := make([]int, len(bounds)), 0, 0
	for _, bar := range h.values.Distribution() {
		for at < len(bounds) && bar.To > int64(bounds[at]) {
			counts[at] = sum
			at++
		}
		sum += int(bar.Count)
	}
	for ; at < len(bounds); at++ {
		counts[at] = sum
	}
	return counts
}

// Sum is the sum of the recorded latencies in seconds, to the histogram's precision.
func (h *Histogram) Sum() float64 {
	return h.values.Mean() * float64(h.values.TotalCount()) / float64(time.Second)
}
