package stat

import "math"

// ClusterError is the standard error of a figure that is pooled over groups of
// samples, such as runs, whose samples depend on one another. The samples of one
// group, however many, are no independent evidence: the figure varies by as much as it
// differs between groups. There must be at least two.
//
// values holds the figure of each group alone, sizes how many samples it is of, and
// without the figure pooled over all other groups. Both tell the error: by the spread
// of the groups (Ibragimov and Müller, "t-statistic based correlation and
// heterogeneity robust inference", Journal of Business & Economic Statistics 28, 2010)
// and by how far the figure moves when a group is left out, the jackknife, which knows
// that slow groups weigh more in an upper quantile. The larger counts.
func ClusterError(values []float64, sizes []int, without []float64) float64 {
	var all, squared float64
	for _, n := range sizes {
		all += float64(n)
		squared += float64(n) * float64(n)
	}
	n := float64(len(without))
	return math.Sqrt(max(Variance(values)*squared/(all*all), (n-1)/n*squares(without)))
}

// ClusterBias is by how much a figure pooled over groups is too large because the
// groups are few, by the jackknife; see ClusterError.
func ClusterBias(pooled float64, without []float64) float64 {
	return float64(len(without)-1) * (Mean(without) - pooled)
}

// Student is the quantile of Student's distribution with so many degrees of freedom.
func Student(free int, q float64) float64 { return student(free, q) }
