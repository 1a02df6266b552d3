package stat

import (
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"
)

// Mean is the arithmetic mean of at least one value.
func Mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// squares is the sum of squared distances from the mean.
func squares(values []float64) float64 {
	mean, sum := Mean(values), 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return sum
}

// Variance is that of the population that at least two values are drawn from.
func Variance(values []float64) float64 { return squares(values) / float64(len(values)-1) }

// PooledVariance is the variance within two groups that may differ in their
// means; zero when neither has two values.
func PooledVariance(a, b []float64) float64 {
	free := len(a) + len(b) - 2
	if free < 1 {
		return 0
	}
	return (squares(a) + squares(b)) / float64(free)
}

// MeanDifference is by how much the mean of b exceeds that of a, and half the
// width of Student's interval of it at the confidence, infinite when the groups
// have no more than two values together.
func MeanDifference(a, b []float64, confidence float64) (difference, half float64) {
	difference = Mean(b) - Mean(a)
	free := len(a) + len(b) - 2
	if free < 1 {
		return difference, math.Inf(1)
	}
	scale := math.Sqrt(PooledVariance(a, b) * (1/float64(len(a)) + 1/float64(len(b))))
	return difference, student(free, (1+confidence)/2) * scale
}

// student is a quantile of Student's distribution.
func student(free int, q float64) float64 {
	return stats.InvCDF(stats.TDist{V: float64(free)})(q)
}

// Median is that of at least one value: between the two in the middle of an even
// number. It sorts the values in place.
func Median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
