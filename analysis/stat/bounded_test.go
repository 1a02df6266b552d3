package stat

import (
	"math"
	"testing"
)

// A mean's bounds hold for a tail that most samples show nothing of, where Student's
// are wrong: 2 % of the values are 50 times the rest.
func TestMeanBoundsHoldWithAHeavyTail(t *testing.T) {
	const rounds, n, most = 300, 60, 50.0
	truth := 0.98 + 0.02*50
	over, under := 0, 0
	for seed := range uint64(rounds) {
		rng := NewRand(seed)
		values := make([]float64, n)
		for i := range values {
			if values[i] = 1; rng.Float64() < 0.02 {
				values[i] = 50
			}
		}
		low, high := MeanBounds(values, most, 0.95)
		if low > truth {
			over++
		}
		if high < truth {
			under++
		}
	}
	if over > rounds/20 || under > rounds/20 {
		t.Errorf("of %d lower bounds %d are wrong, of upper bounds %d", rounds, over, under)
	}
}

func TestMeanBoundsNarrow(t *testing.T) {
	values := make([]float64, 1000)
	for i := range values {
		values[i] = 1 + float64(i%7)/10
	}
	low, high := MeanBounds(values, 10, 0.95)
	if mean := Mean(values); low > mean || high < mean || low < mean-0.1 || high > mean+0.1 {
		t.Errorf("the mean %g of 1000 is between %g and %g", mean, low, high)
	}
	if low, high := MeanBounds([]float64{5}, 100, 0.95); low > 5 || high < 90 {
		t.Errorf("one value bounds the mean by %g and %g", low, high)
	}
}

func TestClusterError(t *testing.T) {
	// Of a mean over equal groups, both ways are the standard error of the mean.
	values, sizes, without := []float64{1, 2, 3, 6}, []int{5, 5, 5, 5}, []float64{11. / 3, 10. / 3, 3, 2}
	want := math.Sqrt(Variance(values) / 4)
	if got := ClusterError(values, sizes, without); math.Abs(got-want) > 1e-9 {
		t.Errorf("%g, want %g", got, want)
	}
	if got := ClusterError(values, sizes, []float64{3, 3, 3, 3}); math.Abs(got-want) > 1e-9 {
		t.Errorf("a figure that does not move: %g", got)
	}
	if got := ClusterError([]float64{1, 1, 1, 1}, sizes, without); math.Abs(got-want) > 1e-9 {
		t.Errorf("groups that are alike: %g", got)
	}
}
