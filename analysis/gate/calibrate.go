package gate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/pool"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Goal is what a gate shall be able to find.
type Goal struct {
	// Worse is the change to catch, as a share, and Power how often; runs of the same
	// thing shall pass as often. Zero values are 25 % and 80 %.
	Worse float64 `json:"worse"`
	Power float64 `json:"power"`
}

// Calibration is what runs of the same thing say about the noise of a cluster,
// and about the gate that suits it.
type Calibration struct {
	Goal  Goal    `json:"goal"`
	Noise []Noise `json:"noise"`
	// Proposal is the cheapest design that reaches the goal for every entry of
	// Noise; the largest design there is when Reached is false.
	Proposal Design `json:"proposal"`
	Reached  bool   `json:"reached"`
}

// Noise is what identical runs differ by, in one cell at one quantile.
type Noise struct {
	record.Key
	Quantile float64 `json:"quantile"`
	Runs     int     `json:"runs"`
	// Samples is how many the quantile of each run is of.
	Samples int        `json:"samples"`
	Value   stat.Point `json:"value"`
	// Seen is the standard deviation, as a share, of the runs' quantiles;
	// Between what of it is not explained by their being of few samples.
	Seen    float64 `json:"seen"`
	Between float64 `json:"between"`
	// FalseAlarms and Passed are how often identical runs fail and pass with the
	// proposal, and Caught how often runs fail that are worse by the goal's change.
	FalseAlarms float64 `json:"falseAlarms"`
	Passed      float64 `json:"passed"`
	Caught      float64 `json:"caught"`
}

// Design is how much to measure, and what to tolerate.
type Design struct {
	// Runs on each side, and Samples of each cell in each run.
	Runs      int       `json:"runs"`
	Samples   int       `json:"samples"`
	Tolerance Tolerance `json:"tolerance"`
}

// The designs that Calibrate chooses from.
var (
	designRuns    = []int{3, 4, 5, 6, 8, 10}
	designSamples = []int{5, 10, 20, 30, 60, 100}
)

// leastRuns is how many identical runs a calibration takes.
const leastRuns = 3

// Calibrate measures the noise of runs of the same thing (A/A) and proposes runs,
// samples and tolerance with which the gate reaches the goal. o is as for
// JudgeRegression; its tolerance is the least that is proposed. Runs that were
// made under different conditions are refused unless forced.
func Calibrate(runs []*record.Run, goal Goal, o Options) (*Calibration, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if err := noWork(runs); err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	o, goal = o.withDefaults(), goal.withDefaults()
	if mismatches := o.mismatches(runs); len(mismatches) > 0 && !o.Force {
		return nil, fmt.Errorf("calibrate: the runs are not of the same thing: %s", pool.Listed(mismatches))
	}
	if err := pool.Copies(pool.Headers(runs)...); err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	if reason := o.incomplete(runs); reason != "" {
		return nil, fmt.Errorf("calibrate: %s", reason)
	}
	same, err := measureSame(runs, o)
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	c := &Calibration{Goal: goal}
	noises := make([]noise, len(same))
	for i, s := range same {
		noises[i] = noiseOf(s, o.Seed)
		c.Noise = append(c.Noise, describeNoise(s, noises[i]))
	}
	c.propose(noises, o)
	return c, nil
}

func (g Goal) withDefaults() Goal {
	if g.Worse <= 0 {
		g.Worse = 0.25
	}
	if g.Power <= 0 {
		g.Power = wanted
	}
	return g
}

// measureSame measures the quantiles of each cell, all units on one side.
func measureSame(runs []*record.Run, o Options) ([]*comparison, error) {
	s := analysis.Summarise(runs...)
	if err := everyClass(s); err != nil {
		return nil, err
	}
	if len(s.Cells) == 0 {
		return nil, fmt.Errorf("%w: the runs have no starts; how many runs loads take, a verdict against a baseline says", ErrNothingToJudge)
	}
	all := gather(s, runs)
	var list []*comparison
	for i := range s.Cells {
		cell := &s.Cells[i]
		e := all[cell.Key]
		if reason := cmp.Or(e.invalid(), e.tooManyFailed()); reason != "" {
			return nil, fmt.Errorf("%s: %s", cell.Key, reason)
		}
		for _, q := range o.Quantiles {
			one := ofStarts(q)
			c := &one
			c.Judgement = Judgement{Key: cell.Key, Subject: "p" + number(100*q)}
			if c.take(e.runs, nil); len(c.base) < leastRuns {
				return nil, fmt.Errorf("%s: it takes %d runs of the same thing, there are %d", cell.Key, leastRuns, len(c.base))
			}
			if !c.enoughSamples() {
				return nil, errors.New(c.Reason)
			}
			c.values, _ = c.base.upTo(c.limit)
			list = append(list, c)
		}
	}
	return list, nil
}

func describeNoise(c *comparison, n noise) Noise {
	return Noise{
		Key: c.Key, Quantile: c.quantile, Runs: len(c.base), Samples: c.samples,
		Value: pointOf(stat.Mean(c.values), false), Seen: math.Sqrt(stat.Variance(c.values)), Between: n.between,
	}
}

// propose goes through the designs, the cheapest first.
func (c *Calibration) propose(noises []noise, o Options) {
	for _, d := range designs() {
		if !d.judges(o.Quantiles) || stat.LeastP(d.Runs, d.Runs)*float64(len(noises)) > analysis.Alpha*(1+1e-9) {
			continue
		}
		c.Proposal = d
		if c.Reached = c.try(noises, o); c.Reached {
			return
		}
	}
}

// designs are all there are, by the number of samples, then by that of runs.
func designs() []Design {
	var list []Design
	for _, runs := range designRuns {
		for _, samples := range designSamples {
			list = append(list, Design{Runs: runs, Samples: samples})
		}
	}
	slices.SortStableFunc(list, func(a, b Design) int { return a.Runs*a.Samples - b.Runs*b.Samples })
	return list
}

func (d Design) judges(quantiles []float64) bool {
	return !slices.ContainsFunc(quantiles, func(q float64) bool { return d.Samples < SamplesNeeded(q) })
}

// try simulates the proposal and says whether it reaches the goal everywhere.
// Its tolerance covers what identical runs differ by, in steps of 5 %.
func (c *Calibration) try(noises []noise, o Options) bool {
	p, trials := &c.Proposal, make([]trial, len(noises))
	p.Tolerance = o.Tolerance
	for i, n := range noises {
		trials[i] = newTrial(n, p.Runs, p.Runs, p.Samples, len(noises), 0, o.Seed)
		p.Tolerance.Share = max(p.Tolerance.Share, math.Ceil(trials[i].spread()*20)/20)
	}
	reached := true
	for i := range noises {
		e := &c.Noise[i]
		trials[i].allowed = math.Log1p(p.Tolerance.Of(float64(e.Value.Latency)))
		e.FalseAlarms, e.Passed, e.Caught = trials[i].caught(0), trials[i].passed(0), trials[i].caught(math.Log1p(c.Goal.Worse))
		reached = reached && e.Caught >= c.Goal.Power && e.Passed >= c.Goal.Power
	}
	return reached
}

// spread is the change that identical runs stay within 95 % of the time.
func (t trial) spread() float64 {
	changes := make([]float64, len(t.draws))
	for i, draw := range t.draws {
		changes[i] = math.Expm1(math.Abs(stat.Mean(draw[t.base:]) - stat.Mean(draw[:t.base])))
	}
	slices.Sort(changes)
	return changes[len(changes)*95/100]
}
