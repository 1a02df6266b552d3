package stat

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seconds makes the set 1s, 2s, … n s, and censored more at the limit.
func seconds(n int, limits ...time.Duration) *Set {
	observed := make([]time.Duration, n)
	for i := range observed {
		observed[n-1-i] = time.Duration(i+1) * time.Second
	}
	return NewSet(observed, limits)
}

func TestBinomialCDF(t *testing.T) {
	for _, c := range []struct {
		n, k int
		p    float64
		want float64
	}{
		{10, 5, 0.5, 638.0 / 1024},
		{10, -1, 0.5, 0},
		{10, 10, 0.5, 1},
		{4, 0, 0.1, 0.6561},
		{4, 3, 0.9, 1 - 0.6561},
		{30, 29, 0.99, 1 - math.Pow(0.99, 30)},
		{1000, 0, 0.001, math.Pow(0.999, 1000)},
		{5, 2, 0, 1},
		{5, 2, 1, 0},
		// The median of an odd number of fair coins, far beyond float factorials.
		{1_000_001, 500_000, 0.5, 0.5},
	} {
		t.Run(fmt.Sprintf("n=%d,k=%d,p=%g", c.n, c.k, c.p), func(t *testing.T) {
			if got := (Binomial{c.n, c.p}).CDF(c.k); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("got %.15f, want %.15f", got, c.want)
			}
		})
	}
}

func TestSamplesNeeded(t *testing.T) {
	for q, want := range map[float64]int{0.5: 5, 0.9: 29, 0.95: 59, 0.99: 299, 0.999: 2995, 0.05: 59, 1: math.MaxInt} {
		if got := SamplesNeeded(q, Confidence); got != want {
			t.Errorf("p%g needs %d, want %d", q*100, got, want)
		}
	}
}

// The number that is promised must be the number at which a bound appears.
func TestSamplesNeededIsWhereTheBoundAppears(t *testing.T) {
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
		n := SamplesNeeded(q, Confidence)
		if seconds(n-1).Upper(q, Confidence) != nil || seconds(n).Upper(q, Confidence) == nil {
			t.Errorf("p%g: the bound does not appear at %d samples", q*100, n)
		}
	}
}

func TestQuantile(t *testing.T) {
	limit := 120 * time.Second
	for _, c := range []struct {
		name string
		set  *Set
		q    float64
		want string
	}{
		{"median of ten is the fifth", seconds(10), 0.5, "5.00s"},
		{"median of nine is the fifth", seconds(9), 0.5, "5.00s"},
		{"rounding does not add a rank", seconds(100), 0.07, "7.00s"},
		{"p99 of thirty is the maximum", seconds(30), 0.99, "30.0s"},
		{"zero is the minimum", seconds(10), 0, "1.00s"},
		{"one is the maximum", seconds(10), 1, "10.0s"},
		{"exact up to the censored share", seconds(9, limit), 0.9, "9.00s"},
		{"over beyond it", seconds(9, limit), 0.91, ">120s"},
		{"all censored", seconds(0, limit, limit), 0.5, ">120s"},
		{"a value above another's limit has no rank", seconds(10, 5*time.Second), 0.6, ">5.00s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.set.Quantile(c.q).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestMaxAndMeanKnowCensoring(t *testing.T) {
	plain, cut := seconds(9), seconds(9, 5*time.Second, 7*time.Second)
	if got := plain.Max().String() + " " + cut.Max().String(); got != "9.00s >9.00s" {
		t.Errorf("maxima are %s", got)
	}
	if mean, ok := plain.Mean(); !ok || mean != 5*time.Second {
		t.Errorf("mean is %v, %v", mean, ok)
	}
	if _, ok := cut.Mean(); ok {
		t.Error("a censored set has a mean")
	}
	if got := cut.ShareBelow(4 * time.Second); got != 4.0/11 {
		t.Errorf("share below is %g", got)
	}
}

// Ranks of the two-sided 95 % interval of a median stand in every textbook.
func TestMedianIntervalRanks(t *testing.T) {
	for n, want := range map[int][2]int{5: {0, 6}, 6: {1, 6}, 8: {1, 8}, 10: {2, 9}, 20: {6, 15}, 30: {10, 21}, 100: {40, 61}} {
		got := [2]int{lowerRank(n, 0.5, 0.025), upperRank(n, 0.5, 0.025)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("n = %d: %s", n, diff)
		}
	}
}

func TestIntervalHasNoEndWhereSamplesDoNotReach(t *testing.T) {
	i := seconds(30).Interval(0.95, Confidence)
	if i.Low == nil || i.High != nil {
		t.Errorf("p95 of 30 has the interval %v", i)
	}
	if i := seconds(90, time.Hour, time.Hour).Interval(0.95, Confidence); i.High == nil || !i.High.Over {
		t.Errorf("the upper end among censored samples is %v", i.High)
	}
}

// The coverage of the interval, computed and not simulated, is never below
// what it says.
func TestIntervalCoverage(t *testing.T) {
	for _, q := range []float64{0.1, 0.5, 0.9, 0.95} {
		for n := 6; n <= 400; n += 7 {
			low, high := lowerRank(n, q, 0.025), upperRank(n, q, 0.025)
			b := Binomial{n, q}
			if cover := b.CDF(high-1) - b.CDF(low-1); cover < 0.95 {
				t.Errorf("n = %d, q = %g: covers %g", n, q, cover)
			}
		}
	}
}

func TestShareBounds(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 30, 0, 1 - math.Pow(0.05, 1.0/30)},
		{30, 30, math.Pow(0.05, 1.0/30), 1},
		{0, 299, 0, 1 - math.Pow(0.05, 1.0/299)},
		{5, 10, 0.222441, 0.777559}, // Clopper and Pearson's own table
	} {
		low, high := ShareBounds(c.k, c.n, Confidence)
		if math.Abs(low-c.low) > 1e-6 || math.Abs(high-c.high) > 1e-6 {
			t.Errorf("%d of %d: [%g, %g], want [%g, %g]", c.k, c.n, low, high, c.low, c.high)
		}
	}
	if _, high := ShareBounds(0, 299, Confidence); high >= 0.01 {
		t.Errorf("none of 299 must bound a share under 1 %%, got %g", high)
	}
}

func TestChangeOf(t *testing.T) {
	c := ChangeOf(seconds(30), seconds(60), 0.5, 1)
	if r := c.Ratio; r == nil || r.Value != 2 || !r.Interval || r.Low < 1.1 || r.Low > 1.6 || r.High < 2.5 || r.High > 3.6 {
		t.Errorf("ratio of 30 s to 15 s is %+v", r)
	}
	if d := c.Difference; d == nil || d.Value != 15e9 || !d.Interval || d.Low < 2e9 || d.Low > 8e9 || d.High < 22e9 || d.High > 28e9 {
		t.Errorf("difference of 30 s to 15 s is %+v", d)
	}
	if !c.Tested || c.P > 0.01 {
		t.Errorf("p is %v", c.P)
	}
	if diff := cmp.Diff(c, ChangeOf(seconds(30), seconds(60), 0.5, 1)); diff != "" {
		t.Errorf("the same seed gives another interval: %s", diff)
	}
	if same := ChangeOf(seconds(30), seconds(30), 0.5, 1); same.P < 0.9 {
		t.Errorf("a set differs from itself, p = %v", same.P)
	}
	if few := ChangeOf(seconds(5), seconds(60), 0.5, 1); few.Tested || few.Ratio.Interval {
		t.Errorf("five samples bracket no median, got %+v", few)
	}
}

func TestChangeOfCensored(t *testing.T) {
	half := make([]time.Duration, 20)
	for i := range half {
		half[i] = time.Minute
	}
	c := ChangeOf(seconds(30), seconds(21, half...), 0.5, 1)
	if r := c.Ratio; r == nil || r.Over || !math.IsInf(float64(r.High), 1) {
		t.Errorf("a median near the censored ones is %+v", r)
	}
	if r := ChangeOf(seconds(30), seconds(10, half...), 0.5, 1).Ratio; r == nil || !r.Over || r.Value != 4 {
		t.Errorf("a censored numerator is %+v", r)
	}
	c = ChangeOf(seconds(10, half...), seconds(30), 0.5, 1)
	if c.Ratio != nil || c.Difference != nil || !c.Tested {
		t.Errorf("a censored denominator is %+v", c)
	}
	if both := ChangeOf(seconds(10, half...), seconds(10, half...), 0.5, 1); both.P != 1 {
		t.Errorf("two unknown medians differ: %+v", both)
	}
}

func TestChangeOfWhatIsNotPositive(t *testing.T) {
	steps := make([]time.Duration, 20)
	c := ChangeOf(NewSet(steps, nil), seconds(20), 0.5, 1)
	if c.Ratio != nil || c.Difference == nil || c.Difference.Value != 10e9 {
		t.Errorf("from zero to ten seconds is %+v", c)
	}
}

func TestMannWhitney(t *testing.T) {
	// Disjoint sets of three: one of 20 orders on each side.
	shape, ok := MannWhitney(NewSet([]time.Duration{1, 2, 3}, nil), NewSet([]time.Duration{4, 5, 6}, nil))
	if !ok || shape.Slower != 1 || math.Abs(float64(shape.P)-0.1) > 1e-9 {
		t.Errorf("disjoint sets are %+v", shape)
	}
	if shape, ok = MannWhitney(seconds(9), seconds(9)); !ok || shape.Slower != 0.5 || shape.P != 1 {
		t.Errorf("a set and itself are %+v", shape)
	}
	if _, ok = MannWhitney(seconds(0, 5), seconds(0, 5)); ok {
		t.Error("sets of one value are tested")
	}
	if _, ok = MannWhitney(seconds(0), seconds(3)); ok {
		t.Error("an empty set is tested")
	}
	// 8 s to 10 s cannot be told from over 7 s.
	shape, _ = MannWhitney(seconds(7, 7*time.Second, 7*time.Second, 7*time.Second), seconds(10))
	if shape.Slower != 0.5 {
		t.Errorf("values above the other's limit are ranked: %+v", shape)
	}
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("p %d is adjusted to %g, want %g", i, got[i], want)
		}
	}
	if diff := cmp.Diff([]float64{1, 1}, Holm([]float64{0.6, 0.9})); diff != "" {
		t.Error(diff)
	}
	if len(Holm(nil)) != 0 {
		t.Error("nothing is adjusted to something")
	}
}

// The tests of a comparison find a difference between equals at most about as
// often as they say. 100 comparisons leave 5 % a standard error of 2.2 points.
func TestFalseAlarmsOfAComparison(t *testing.T) {
	rng := NewRand(3)
	draw := func(n int) *Set {
		list := make([]time.Duration, n)
		for i := range list {
			list[i] = time.Duration(1e9 * math.Exp(0.4*rng.NormFloat64()))
		}
		return NewSet(list, nil)
	}
	for _, c := range []struct {
		n int
		q float64
	}{{10, 0.5}, {30, 0.5}, {100, 0.5}, {100, 0.95}} {
		var median, shape int
		const rounds = 100
		for range rounds {
			a, b := draw(c.n), draw(c.n)
			if ChangeOf(a, b, c.q, 1).P <= 0.05 {
				median++
			}
			if s, _ := MannWhitney(a, b); s.P <= 0.05 {
				shape++
			}
		}
		t.Logf("n = %d: p%g %.1f %%, shape %.1f %%", c.n, 100*c.q, 100*float64(median)/rounds, 100*float64(shape)/rounds)
		if median > rounds*13/100 || shape > rounds*13/100 {
			t.Errorf("n = %d, p%g: %d and %d false alarms in %d", c.n, 100*c.q, median, shape, rounds)
		}
	}
}

// Drawing a rank is the same as resampling: the two distributions agree.
func TestResampleIsTheBootstrap(t *testing.T) {
	const n, q, draws = 11, 0.5, 200_000
	s, rng := seconds(n), NewRand(7)
	var drawn, resampled [n + 1]float64
	for range draws {
		drawn[s.draw(q, false, rng).least.Latency/time.Second]++
		again := make([]time.Duration, n)
		for i := range again {
			again[i] = time.Duration(1+rng.IntN(n)) * time.Second
		}
		resampled[NewSet(again, nil).Quantile(q).Latency/time.Second]++
	}
	for i := range drawn {
		if math.Abs(drawn[i]-resampled[i])/draws > 0.006 {
			t.Errorf("value %d: drawn %.4f, resampled %.4f", i, drawn[i]/draws, resampled[i]/draws)
		}
	}
}

func TestFormat(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999: "999ns", 1500: "1.50µs", 999_999: "1.00ms", 34_200_000: "34.2ms", 999_600_000: "1.00s",
		1_204_000_000: "1.20s", 12 * time.Second: "12.0s", 120 * time.Second: "120s", -3 * time.Millisecond: "-3.00ms",
		math.MinInt64: "-9223372037s",
		99_960_000:    "100ms", 3600 * time.Second: "3600s",
	} {
		if got := Format(d); got != want {
			t.Errorf("%d ns prints as %s, want %s", int64(d), got, want)
		}
	}
}

// Of 100 samples of which three timed out, the upper bound of p95 is the 99th, which is
// one of them.
func TestABoundMayBeCensored(t *testing.T) {
	s := seconds(97, 100*time.Second, 100*time.Second, 100*time.Second)
	if u := s.Upper(0.95, Confidence); u == nil || u.String() != ">100s" || s.Quantile(0.95).Over {
		t.Errorf("p95 is %s, at most %v", s.Quantile(0.95), u)
	}
}
