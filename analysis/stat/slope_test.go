package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var nearly = cmp.Comparer(func(a, b Real) bool { return math.Abs(float64(a-b)) < 1e-6 })

// line is points on a line, from X zero on.
func line(n int, slope, intercept float64) []XY {
	var points []XY
	for i := range n {
		points = append(points, XY{float64(i), intercept + slope*float64(i)})
	}
	return points
}

func TestSlopeOfExactLines(t *testing.T) {
	for name, test := range map[string]struct {
		series [][]XY
		want   *Slope
	}{
		"nothing":       {nil, nil},
		"one value":     {[][]XY{{{3, 1}, {3, 2}}, {{4, 1}}}, nil},
		"two points":    {[][]XY{{{0, 10}, {5, 20}}}, &Slope{Value: 2, Intercept: 10, Points: 2, Series: 1, Groups: 1}},
		"one series":    {[][]XY{line(20, 3, 7)}, &Slope{Value: 3, Intercept: 7, Points: 20, Series: 1, Groups: 1}},
		"a lone point":  {[][]XY{line(20, 3, 7), {{9, 1000}}}, &Slope{Value: 3, Intercept: 7, Points: 21, Series: 1, Groups: 1}},
		"drift between": {[][]XY{line(3, 3, 7), line(5, 3, 1007), line(9, 3, 4)}, &Slope{Value: 3, Intercept: 1018. / 3, Low: 3, High: 3, Interval: true, Points: 17, Series: 3, Groups: 3}},
		"many series":   {[][]XY{line(2, 3, 1), line(9, 3, 1), line(9, 3, 1), line(9, 3, 1), line(9, 3, 1)}, &Slope{Value: 3, Intercept: 1, Low: 3, High: 3, Interval: true, Points: 38, Series: 5, Groups: 5}},
		// Without the third point there is no slope left to be found.
		"all in one group": {[][]XY{{{0, 0}, {0, 1}, {1, 2}, {1, 1}, {1, 2}, {1, 2}}}, &Slope{Value: 1.25, Intercept: 0.5, Points: 6, Series: 1, Groups: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			got := SlopeOf(test.series)
			if diff := cmp.Diff(test.want, got, nearly, cmpopts.IgnoreUnexported(Slope{})); diff != "" {
				t.Errorf("slope (-want +got):\n%s", diff)
			}
		})
	}
}

// The leave-one-out slopes of these five series are known by hand: of slopes 1 to
// 5 with equal weight each is the mean of the four others.
func TestSlopeIntervalByHand(t *testing.T) {
	var series [][]XY
	for slope := 1.0; slope <= 5; slope++ {
		series = append(series, line(4, slope, 100))
	}
	// The sum of squares of (3 - mean of the others) is 2*(0.5² + 0.25²), and t is
	// 2.776445 for 4 degrees of freedom.
	half := 2.7764451052 * math.Sqrt(4./5*2*(0.25+0.0625))
	want := &Slope{Value: 3, Intercept: 100, Low: Real(3 - half), High: Real(3 + half), Interval: true, Points: 20, Series: 5, Groups: 5}
	if diff := cmp.Diff(want, SlopeOf(series), nearly, cmpopts.IgnoreUnexported(Slope{})); diff != "" {
		t.Errorf("slope (-want +got):\n%s", diff)
	}
}

// wandering are points whose errors follow each other: each keeps a share of the
// one before.
func wandering(rng *rand.Rand, n int, slope, kept, sigma float64) []XY {
	points, e := line(n, slope, 500), sigma*rng.NormFloat64()
	for i := range points {
		points[i].Y += e
		e = kept*e + math.Sqrt(1-kept*kept)*sigma*rng.NormFloat64()
	}
	return points
}

// How often the interval holds the true slope, where series have slopes of their own
// too. One or two series have no interval.
func TestSlopeIntervalCovers(t *testing.T) {
	const draws, slope = 1000, 20.0
	for name, test := range map[string]struct {
		series, points int
		kept           float64
		differ         float64 // the standard deviation of the series' own slopes
	}{
		"10 series, independent errors":         {10, 20, 0, 0},
		"10 series, errors that stay":           {10, 20, 0.9, 0},
		"5 series, errors that stay":            {5, 30, 0.9, 0},
		"4 series, errors that stay":            {4, 30, 0.9, 0},
		"4 series with slopes of their own":     {4, 30, 0.5, 3},
		"3 series with slopes of their own":     {3, 100, 0.5, 3},
		"3 series of a few points":              {3, 4, 0.5, 0},
		"3 series of a few points, own slopes":  {3, 4, 0.5, 20},
		"10 series of a few points, own slopes": {10, 4, 0.5, 20},
	} {
		t.Run(name, func(t *testing.T) {
			rng, covered := NewRand(7), 0
			for range draws {
				var series [][]XY
				for range test.series {
					series = append(series, wandering(rng, test.points, slope+test.differ*rng.NormFloat64(), test.kept, 30))
				}
				if s := SlopeOf(series); s.Low <= slope && slope <= s.High {
					covered++
				}
			}
			share := float64(covered) / draws
			t.Logf("%.1f %%", 100*share)
			if share < 0.93 || share > 0.995 {
				t.Errorf("the interval covers the slope %.1f %% of the time, want at least 93 %%", 100*share)
			}
		})
	}
}

func TestRatioOfSlopes(t *testing.T) {
	slope := func(value, deviation float64) *Slope {
		return &Slope{Value: Real(value), Interval: true, Groups: 5, deviation: deviation}
	}
	const student4 = 2.7764451052
	for name, test := range map[string]struct {
		s, base *Slope
		want    *Ratio
	}{
		"exact base":       {slope(30, 1), slope(10, 0), &Ratio{Value: 3, Low: 3 - student4/10, High: 3 + student4/10, Interval: true}},
		"both exact":       {slope(30, 0), slope(10, 0), &Ratio{Value: 3, Low: 3, High: 3, Interval: true}},
		"exact numerator":  {slope(30, 0), slope(10, 1), &Ratio{Value: 3, Low: 30 / (10 + student4), High: 30 / (10 - student4), Interval: true}},
		"base may be zero": {slope(30, 1), slope(10, 4), &Ratio{Value: 3}},
		"no interval":      {&Slope{Value: 30}, slope(10, 1), &Ratio{Value: 3}},
		"no base":          {slope(30, 1), slope(-1, 1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.s.Over(test.base), nearly); diff != "" {
				t.Errorf("ratio (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := Median(test.values); got != test.want {
			t.Errorf("Median = %v, want %v", got, test.want)
		}
	}
}
