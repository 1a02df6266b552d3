package gate

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Deployments against a baseline are those of runs that deployed services in rounds, only to
// see how long it takes. A percentile of all that one run deployed is one observation.

// ofDeployments are the comparisons of deployments.
func ofDeployments(o Options) []comparison {
	var list []comparison
	for _, metric := range []Metric{DeployReady, DeployRoutable, DeleteGone} {
		for _, q := range o.Quantiles {
			c := comparison{scale: shareScale{}, subject: subject{metric: metric, quantile: q, samplesOf: "services",
				tooFar: "so many services failed that the change may be larger: judge a lower percentile"}}
			c.Subject = fmt.Sprintf("%s(%s)", metric, number(100*q))
			list = append(list, c)
		}
	}
	return list
}

// deploymentKeys are the classes and numbers of services that were deployed in rounds.
func deploymentKeys(s *analysis.Summary) []record.Key {
	var keys []record.Key
	for i := range s.Deployments {
		if g := &s.Deployments[i]; g.Rounds && !slices.Contains(keys, g.Key) {
			keys = append(keys, g.Key)
		}
	}
	return keys
}

// deploymentsOf are the groups of services that were to be deployed in rounds, one a run, or
// why they must not be judged.
func (s measuredSide) deploymentsOf(k record.Key) (list []*deploy.Group, reason string) {
	for _, r := range s.runs {
		set := r.Header.Settings
		class := slices.ContainsFunc(r.Header.Classes, func(c record.Class) bool { return c.Key() == k.Class() })
		if !set.DeployRounds || !class || !slices.Contains(set.Services, k.Services) {
			continue
		}
		n := len(list)
		for i := range s.Deployments {
			if g := &s.Deployments[i]; g.RunID == r.Header.RunID && g.Key == k {
				list = append(list, g)
			}
		}
		if found := len(list) - n; found != 1 {
			return nil, fmt.Sprintf("run %s has %d groups of deployments of %s: a run was to have one", r.Header.RunID, found, k)
		}
	}
	return list, ""
}

// opposeDeployments takes the deployments of both sides, unless they must not be judged.
func (c *comparison) opposeDeployments(base, new measuredSide, k record.Key) {
	m, _ := metricOf(c.metric)
	b, baseReason := base.deploymentsOf(k)
	n, newReason := new.deploymentsOf(k)
	if !c.opposed(baseReason, newReason) {
		return
	}
	baseSteps, baseReason := stepsOf(b, m.deployed)
	newSteps, newReason := stepsOf(n, m.deployed)
	if c.opposed(baseReason, newReason) {
		c.lost(mostlyUndone(b, baseSteps), mostlyUndone(n, newSteps))
		c.takeSteps(baseSteps, newSteps)
	}
}

// stepsOf are the steps of all groups that a metric is about.
func stepsOf(groups []*deploy.Group, name record.DeployStepName) (steps []*deploy.Step, reason string) {
	for _, g := range groups {
		step, reason := measurable(g, name)
		if reason != "" {
			return nil, fmt.Sprintf("run %s: %s", g.RunID, reason)
		}
		steps = append(steps, step)
	}
	return steps, ""
}

// mostlyUndone says that so many services did not reach the step that the times of the rest
// are of no use; empty if they are.
func mostlyUndone(groups []*deploy.Group, steps []*deploy.Step) string {
	for i, s := range steps {
		if lost := s.Times.N() - s.Reached; float64(lost) > mostFailed*float64(s.Times.N()) {
			return fmt.Sprintf("run %s: %d of %d services were not %s, more than %s", groups[i].RunID, lost, s.Times.N(), s.Name, percent(mostFailed))
		}
	}
	return ""
}

// takeSteps compares as many rounds of each run as the one with the fewest has. A service
// that did not come to the step counts as twice the slowest one that did.
func (c *comparison) takeSteps(base, new []*deploy.Step) {
	all := slices.Concat(base, new)
	rounds := math.MaxInt
	for _, s := range all {
		rounds = min(rounds, len(s.Batches))
	}
	c.samples = math.MaxInt
	var highest time.Duration
	take := func(steps []*deploy.Step) observations {
		var sets []*stat.Set
		for _, s := range steps {
			set := s.Batches[:rounds].Joined()
			c.samples, highest = min(c.samples, set.N()), max(highest, set.Highest())
			c.resolution = max(c.resolution, s.MedianResolution)
			sets = append(sets, set)
		}
		return observeAll(sets, c.quantile)
	}
	c.base, c.new = take(base), take(new)
	c.limit = logLimit(2 * highest)
}
