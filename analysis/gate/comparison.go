package gate

import (
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// comparison is a judgement in the making: one quantile of one cell on two sides.
type comparison struct {
	Judgement
	quantile  float64
	hasBase   bool
	base, new []*stat.Set // one a run, all of the same size
	// tooMany says that too many starts failed for anything but a failure.
	tooMany string
	// Once measured:
	values    []float64 // log quantiles of the base runs, then of the new
	samples   int       // that each run's quantile is of
	limit     time.Duration
	perms     *stat.Permutations
	tolerance float64
}

// pairUp makes a comparison for each quantile of each cell that both sides have. A
// cell that only the new runs have is not judged beside others; without any baseline
// all are inconclusive.
func pairUp(b, n measuredSide, refused Judgement, o Options) []comparison {
	var list []comparison
	for i := range n.Cells {
		k := n.Cells[i].Key
		at := slices.IndexFunc(b.Cells, func(c analysis.Cell) bool { return c.Key == k })
		if at < 0 && len(b.Cells) > 0 {
			continue
		}
		for _, q := range o.Quantiles {
			c := comparison{quantile: q, hasBase: at >= 0, Judgement: refused}
			c.Kind, c.Key, c.Subject = Regression, k, "p"+number(100*q)
			switch {
			case at < 0:
				c.Verdict, c.Reason, c.Mismatches = Inconclusive, "there is no baseline", nil
			case c.Verdict == "":
				c.oppose(b.evidence[k], n.evidence[k])
			}
			list = append(list, c)
		}
	}
	return append(list, gone(b.Summary, n.Summary, o)...)
}

// added warns of the cells that only the new runs have.
func added(b, n *analysis.Summary) []analysis.Warning {
	var list []analysis.Warning
	for _, cell := range n.Cells {
		if len(b.Cells) > 0 && !slices.ContainsFunc(b.Cells, func(c analysis.Cell) bool { return c.Key == cell.Key }) {
			list = append(list, analysis.Warning{Code: analysis.NoSamples, RuntimeClass: cell.RuntimeClass, Services: cell.Services,
				Message: cell.Key.String() + ": the baseline does not have it, so that it is not judged against one"})
		}
	}
	return list
}

// gone are the cells that only the baseline has: what is no longer measured must not
// pass.
func gone(b, n *analysis.Summary, o Options) []comparison {
	var list []comparison
	for _, cell := range b.Cells {
		if slices.ContainsFunc(n.Cells, func(c analysis.Cell) bool { return c.Key == cell.Key }) {
			continue
		}
		for _, q := range o.Quantiles {
			c := comparison{quantile: q}
			c.Judgement = Judgement{Kind: Regression, Key: cell.Key, Subject: "p" + number(100*q),
				Verdict: Inconclusive, Reason: "it is in the baseline and was not measured"}
			list = append(list, c)
		}
	}
	return list
}

// oppose takes the runs of both sides, unless they must not be judged.
func (c *comparison) oppose(base, new *evidence) {
	if reason := new.invalid(); reason != "" {
		c.Verdict, c.Reason = Invalid, reason
		return
	}
	if reason := base.invalid(); reason != "" {
		c.Verdict, c.Reason = Invalid, "baseline: "+reason
		return
	}
	if c.tooMany = new.tooManyFailed(); c.tooMany == "" {
		if reason := base.tooManyFailed(); reason != "" {
			c.tooMany = "baseline: " + reason
		}
	}
	c.take(base.runs, new.runs)
}

// take makes sets of one size of the runs: of 10 and of 100 starts, quantiles are not
// alike even if nothing changed.
func (c *comparison) take(base, new []start.List) {
	c.samples = math.MaxInt
	for _, run := range slices.Concat(base, new) {
		c.samples = min(c.samples, run.Latencies().N())
	}
	c.base, c.new = firstOf(base, c.samples), firstOf(new, c.samples)
	c.limit = limitOf(slices.Concat(base, new), slices.Concat(c.base, c.new))
}

func firstOf(runs []start.List, n int) []*stat.Set {
	var sets []*stat.Set
	for _, run := range runs {
		sets = append(sets, run.First(n).Latencies())
	}
	return sets
}

// limitOf is what every latency on both sides is known up to: the smallest limit of
// one that timed out. Where some failed and none timed out it is the client timeout,
// or the largest latency seen where that is not known. Zero is no limit.
func limitOf(runs []start.List, sets []*stat.Set) time.Duration {
	var limit, highest, timeout time.Duration
	failures := 0
	for _, s := range sets {
		failures += s.Failed()
		highest = max(highest, s.Highest())
		if l := s.Limit(); l > 0 && (limit == 0 || l < limit) {
			limit = l
		}
	}
	for _, s := range slices.Concat(runs...) {
		if s.Timeout > 0 && (timeout == 0 || s.Timeout < timeout) {
			timeout = s.Timeout
		}
	}
	switch {
	case limit > 0 || failures == 0:
		return limit
	case timeout > 0:
		return timeout
	}
	return highest
}

// SamplesNeeded is the least number of samples a run's q-quantile is judged
// from: 5 for the median, 10 for p95, 50 for p99. With so few, an upper quantile
// is the maximum; among runs of one size that compares well, if not sharply.
func SamplesNeeded(q float64) int {
	return max(5, int(math.Ceil(0.5/(1-q)-1e-9)))
}
