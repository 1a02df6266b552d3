package analysis

import (
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// DeploymentSteps are those that deployments are compared by.
var DeploymentSteps = []record.DeployStepName{record.StepReady, record.StepRoutable, record.StepGone}

// leastParts is how many rounds, or runs, tell how much these differ.
const leastParts = 2

// deployed are the services of a class that one side deployed in rounds, so many at a time.
type deployed struct {
	key record.Key
	// groups are those of each run, in the order of the runs; nil where a run has none.
	groups []*deploy.Group
}

// groupDeployments are those of a summary.
func groupDeployments(s *Summary) []deployed {
	var list []deployed
	for i := range s.Deployments {
		g := &s.Deployments[i]
		run := slices.IndexFunc(s.Runs, func(r RunInfo) bool { return r.RunID == g.RunID })
		if !g.Rounds || run < 0 {
			continue
		}
		at := slices.IndexFunc(list, func(d deployed) bool { return d.key == g.Key })
		if at < 0 {
			at, list = len(list), append(list, deployed{g.Key, make([]*deploy.Group, len(s.Runs))})
		}
		list[at].groups[run] = g
	}
	return list
}

// parts are the times to a step, by run where there are several, and otherwise by round:
// services that were deployed together depend on one another. They are nil where the step
// is not known of all services.
func (d deployed) parts(name record.DeployStepName) stat.Parts {
	parts := make(stat.Parts, len(d.groups))
	for run, g := range d.groups {
		if g == nil {
			continue
		}
		course := &g.Deployed
		if slices.Contains(record.RemovalSteps, name) {
			course = &g.Removed
		}
		step := course.Step(name)
		if step == nil || name == record.StepRoutable && course.RouteUnknown > 0 {
			return nil
		}
		if parts[run] = step.Times; len(d.groups) == 1 {
			return step.Batches
		}
	}
	return parts
}

// deployments compares what both sides deployed.
func (c *comparer) deployments(base, new []deployed) {
	for _, b := range base {
		at := slices.IndexFunc(new, func(n deployed) bool { return n.key == b.key })
		if at < 0 {
			c.add(warnCell(NoSamples, b.key, "deployed in rounds only in base"))
			continue
		}
		c.compareDeployments(b, new[at])
	}
	for _, n := range new {
		if !slices.ContainsFunc(base, func(b deployed) bool { return b.key == n.key }) {
			c.add(warnCell(NoSamples, n.key, "deployed in rounds only in new"))
		}
	}
}

// deploymentsWithin compares each with the first one that it can be compared with.
func (c *comparer) deploymentsWithin(list []deployed, comparable func(base, new record.Key) bool) {
	for i, one := range list {
		base := slices.IndexFunc(list, func(d deployed) bool { return comparable(d.key, one.key) })
		if base >= 0 && base != i {
			c.compareDeployments(list[base], one)
		}
	}
}

// compareDeployments adds a row for each step. The rank test of the shape takes samples that
// do not depend on one another, so that there is none.
func (c *comparer) compareDeployments(base, new deployed) {
	for _, name := range DeploymentSteps {
		b, n := base.parts(name), new.parts(name)
		if b.Joined().N() == 0 || n.Joined().N() == 0 {
			continue
		}
		row := Row{Base: base.key, New: new.key, Step: name, BaseSamples: b.Joined().N(), NewSamples: n.Joined().N()}
		for _, q := range []float64{0.5, 0.95} {
			change := stat.ChangeOfParts(b, n, c.sameRuns, q, bootstrapSeed)
			if b.Number() < leastParts || n.Number() < leastParts {
				change = change.Untested()
			}
			row.Changes = append(row.Changes, Finding[stat.Change]{Result: change, AdjustedP: 1})
		}
		c.result.Rows = append(c.result.Rows, row)
	}
}
