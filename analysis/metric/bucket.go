package metric

import (
	"math"
	"time"
)

// Bounds are the upper bounds of the buckets of every histogram but the last, which has
// none. They are the same for all, so that histograms of different runs and classes can be
// added and compared bucket by bucket.
//
// Most cold starts take between 100 ms and 10 s, and a change of a third of one shall be
// seen there. Below, where a request finds an instance that is there, and above, where
// hundreds of services start at once, orders of magnitude are enough. Knative answers in
// vain after 300 s; a cluster may allow more, which 600 s still tells apart. Whoever wants a
// quantile exact takes the quantiles, which are of the samples themselves.
var Bounds = milliseconds(
	1, 2, 5, 10, 20, 50,
	100, 125, 150, 200, 250, 300, 400, 500, 600, 800,
	1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000,
	10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000, 180_000, 300_000, 600_000,
)

func milliseconds(list ...time.Duration) []time.Duration {
	for i := range list {
		list[i] *= time.Millisecond
	}
	return list
}

// Buckets is a histogram over Bounds.
type Buckets struct {
	// UpTo has for each of the bounds how many values are at or below it. The values that
	// UpTo lacks of Count are over the last bound, or are no latencies: see Unanswered.
	UpTo  []int
	Count int
	// Sum is in seconds. It is infinite if a request that was not answered is among them.
	Sum float64
}

// latencies are those of the requests that were answered.
type latencies interface {
	// UpTo counts, for each bound, the latencies at or below it.
	UpTo(bounds []time.Duration) []int
	// Sum is the sum of the latencies in seconds.
	Sum() float64
}

// bucketsOf is a histogram of latencies and of those requests that have none.
func bucketsOf(l latencies, answered, unanswered int) *Buckets {
	b := &Buckets{UpTo: l.UpTo(Bounds), Count: answered + unanswered, Sum: l.Sum()}
	if unanswered > 0 {
		b.Sum = math.Inf(1)
	}
	return b
}

func (f *Family) distribute(b *Buckets, labels []Label) {
	f.Points = append(f.Points, Point{Labels: filled(labels), Buckets: b})
}
