package gate

import (
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/start"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// comparison is a judgement in the making: one quantile of one cell on two sides, or a fact
// about loads.
type comparison struct {
	Judgement
	scale
	subject
	hasBase   bool
	base, new observations
	limit     float64 // what counts as it is at least that, on the scale
	samples   int     // that each run's quantile is of
	// resolution is by how much a latency may be less than it is said to be.
	resolution time.Duration
	// requests are those of all new loads together, and failed of them failed, where the
	// share of these is compared; otherwise they are zero.
	requests, failed int
	// tooMany says that too many starts failed for anything but a failure.
	tooMany string
	perms   *stat.Permutations
	// Once measured:
	values []float64 // of the base runs, then of the new
	found  found
}

// subject is what is compared.
type subject struct {
	// metric is that of a load, or of deployments; empty of cold starts.
	metric   Metric
	quantile float64 // zero of a fact
	// samplesOf names what the quantile is of.
	samplesOf string
	// tooFar says what to do where so much failed that a change may be any.
	tooFar string
}

// ofStarts is a quantile of cold starts.
func ofStarts(q float64) comparison {
	c := comparison{scale: shareScale{}, subject: subject{quantile: q, samplesOf: "proven cold starts",
		tooFar: "so many starts failed or timed out that the change may be larger: judge a lower percentile, or raise the timeout"}}
	c.Subject = "p" + number(100*q)
	return c
}

// pairUp makes all comparisons of two sides: of cold starts, of loads and of deployments.
func pairUp(b, n measuredSide, refused Judgement, o Options) []comparison {
	var starts []comparison
	for _, q := range o.Quantiles {
		starts = append(starts, ofStarts(q))
	}
	inBase, inNew := b.keys(), n.keys()
	p := pairing{refused: refused, nothing: inBase.empty()}
	return slices.Concat(
		p.of(inBase.cells, inNew.cells, starts, func(c *comparison, k record.Key) { c.oppose(b.evidence[k], n.evidence[k]) }),
		p.of(inBase.loads, inNew.loads, ofLoads(o), func(c *comparison, k record.Key) { c.opposeLoads(b, n, k) }),
		p.of(inBase.deployments, inNew.deployments, ofDeployments(o), func(c *comparison, k record.Key) { c.opposeDeployments(b, n, k) }),
	)
}

// sideKeys are what a side has of each kind.
type sideKeys struct{ cells, loads, deployments []record.Key }

func (s measuredSide) keys() sideKeys {
	keys := sideKeys{loads: loadKeys(s.Summary), deployments: deploymentKeys(s.Summary)}
	for _, c := range s.Cells {
		keys.cells = append(keys.cells, c.Key)
	}
	return keys
}

func (k sideKeys) empty() bool { return len(k.cells)+len(k.loads)+len(k.deployments) == 0 }

// pairing makes comparisons of one kind.
type pairing struct {
	refused Judgement
	// nothing says that the baseline has nothing of any kind.
	nothing bool
}

// of makes each of the comparisons for each key that both sides have. What only the new
// runs have is not judged beside others; without any baseline all is inconclusive, and so
// is what only the baseline has: what is no longer measured must not pass.
func (p pairing) of(base, new []record.Key, kinds []comparison, oppose func(*comparison, record.Key)) []comparison {
	var list []comparison
	for _, k := range new {
		known := slices.Contains(base, k)
		if !known && !p.nothing {
			continue
		}
		for _, c := range kinds {
			subject := c.Subject
			c.hasBase, c.Judgement = known, p.refused
			c.Kind, c.Key, c.Subject = Regression, k, subject
			switch {
			case !known:
				c.Verdict, c.Reason, c.Mismatches = Inconclusive, "there is no baseline", nil
			case c.Verdict == "":
				oppose(&c, k)
			}
			list = append(list, c)
		}
	}
	for _, k := range base {
		for _, c := range kinds {
			if !slices.Contains(new, k) {
				c.Judgement = Judgement{Kind: Regression, Key: k, Subject: c.Subject, Verdict: Inconclusive, Reason: "it is in the baseline and was not measured"}
				list = append(list, c)
			}
		}
	}
	return list
}

// added warns of what only the new runs have.
func added(b, n measuredSide) []analysis.Warning {
	inBase, inNew := b.keys(), n.keys()
	var list []analysis.Warning
	warn := func(base, new []record.Key, what string) {
		for _, k := range new {
			if !inBase.empty() && !slices.Contains(base, k) {
				list = append(list, analysis.Warning{Code: analysis.NoSamples, RuntimeClass: k.RuntimeClass, Services: k.Services,
					Message: what + k.String() + ": the baseline does not have it, so that it is not judged against one"})
			}
		}
	}
	warn(inBase.cells, inNew.cells, "")
	warn(inBase.loads, inNew.loads, "a load on ")
	warn(inBase.deployments, inNew.deployments, "deployments of ")
	return list
}

// opposed gives up unless both sides may be judged.
func (c *comparison) opposed(baseReason, newReason string) bool {
	switch {
	case newReason != "":
		c.Verdict, c.Reason = Invalid, newReason
	case baseReason != "":
		c.Verdict, c.Reason = Invalid, "baseline: "+baseReason
	}
	return c.Verdict == ""
}

// oppose takes the runs of both sides, unless they must not be judged.
func (c *comparison) oppose(base, new *evidence) {
	if c.opposed(base.invalid(), new.invalid()) {
		c.lost(base.tooManyFailed(), new.tooManyFailed())
		c.take(base.runs, new.runs)
	}
}

// lost notes on which side too many failed.
func (c *comparison) lost(base, new string) {
	if c.tooMany = new; new == "" && base != "" {
		c.tooMany = "baseline: " + base
	}
}

// take makes sets of one size of the runs: of 10 and of 100 starts, quantiles are not
// alike even if nothing changed.
func (c *comparison) take(base, new []start.List) {
	c.samples = math.MaxInt
	for _, run := range slices.Concat(base, new) {
		c.samples = min(c.samples, run.Latencies().N())
	}
	b, n := firstOf(base, c.samples), firstOf(new, c.samples)
	c.base, c.new = observeAll(b, c.quantile), observeAll(n, c.quantile)
	c.limit = sure(logLimit(limitOf(slices.Concat(base, new), slices.Concat(b, n))), c.base, c.new)
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
