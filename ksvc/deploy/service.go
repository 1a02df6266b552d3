package deploy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// service is what is known of one service. It is guarded by its Follower's lock.
type service struct {
	name             string
	created, removed course
	// host is what the ingress knows the service by.
	host string
	// condition is why the service is not Ready, in words.
	condition string
	probing   bool
	// answer is what the last probe brought, and unclear says that no probe can tell when a
	// request gets through.
	answer, unclear string
	// parts are the objects of the followed types that exist, and left says that nothing
	// else of the service does.
	parts map[partName]bool
	left  bool
	// foreign says that the service went before anybody asked for it here.
	foreign bool
	changed feed.Signal
}

// partName names an object of a resource type.
type partName struct{ kind, name string }

// course is the steps of a deployment or of a removal.
type course struct {
	attempts      int
	steps, server []record.DeployStep
}

// sent takes in that the API server was asked. The first time counts.
func (c *course) sent(name record.DeployStepName, at time.Duration) {
	c.attempts++
	c.reach(name, at, record.ClockClient, 1)
}

// reach takes in that a step was reached. The first time counts.
func (c *course) reach(name record.DeployStepName, at time.Duration, clock string, resolution time.Duration) {
	if !c.reached(name) {
		c.steps = append(c.steps, record.DeployStep{Name: name, At: at, Clock: clock, Resolution: resolution})
	}
}

func (c *course) reached(name record.DeployStepName) bool {
	return slices.ContainsFunc(c.steps, func(s record.DeployStep) bool { return s.Name == name })
}

// deleted takes in that the service itself is gone.
func (v *service) deleted(at, within time.Duration) {
	if v.foreign = !v.removed.reached(record.StepDeleteSent); !v.foreign {
		v.removed.reach(record.StepDeleted, at, record.ClockWatch, within)
	}
}

// departed takes in that nothing of the service may be left.
func (v *service) departed(at, within time.Duration) {
	if !v.foreign && v.left && len(v.parts) == 0 {
		v.removed.reach(record.StepGone, at, record.ClockWatch, within)
	}
}

// deployment is what is known of how the service was deployed.
func (v *service) deployment() record.Deployment {
	d := v.created.line(record.TypeDeployment, record.DeploySteps)
	missing := v.created.missing(record.DeploySteps)
	if v.unclear != "" {
		d.RouteUnknown = v.unclear
		missing = slices.DeleteFunc(missing, func(n record.DeployStepName) bool { return n == record.StepRoutable })
	}
	if len(missing) > 0 {
		d.Failure = v.lacks(missing)
	}
	return d
}

// lacks says what did not come, and why as far as it is known.
func (v *service) lacks(missing []record.DeployStepName) string {
	text := "not reached: " + names(missing)
	switch {
	case v.condition != "":
		return text + "; " + v.condition
	case v.answer != "":
		return text + "; the ingress: " + v.answer
	}
	return text
}

// removal is what is known of how the service was removed.
func (v *service) removal() record.Deployment {
	d := v.removed.line(record.TypeRemoval, record.RemovalSteps)
	missing := v.removed.missing(record.RemovalSteps)
	switch {
	case v.foreign:
		d.Failure = "somebody else deleted it"
	case len(missing) > 0:
		d.Failure = "not reached: " + names(missing)
		for part := range v.parts {
			d.Failure += fmt.Sprintf("; %s %s is there", part.kind, part.name)
			break // one is enough to look at
		}
	}
	return d
}

// line is the course as a line of the run file, in the order of names.
func (c *course) line(kind record.Type, order []record.DeployStepName) record.Deployment {
	sorted := func(steps []record.DeployStep) []record.DeployStep {
		return slices.SortedFunc(slices.Values(steps), func(a, b record.DeployStep) int {
			return slices.Index(order, a.Name) - slices.Index(order, b.Name)
		})
	}
	return record.Deployment{Type: kind, Attempts: c.attempts, Steps: sorted(c.steps), ServerSteps: sorted(c.server)}
}

func (c *course) missing(order []record.DeployStepName) []record.DeployStepName {
	return slices.DeleteFunc(slices.Clone(order), c.reached)
}

func names(steps []record.DeployStepName) string {
	var all []string
	for _, s := range steps {
		all = append(all, string(s))
	}
	return strings.Join(all, ", ")
}
