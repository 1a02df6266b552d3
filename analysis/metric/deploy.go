package metric

import (
	"slices"
	"strconv"

	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// deployFamilies are about the deployment of services, and their removal. A service that
// did not come to a step is slower than any that did.
func deployFamilies(groups []deploy.Group) []Family {
	steps := &Family{Name: "deploy_step", Unit: Seconds, Kind: Histogram,
		Help: "Time from the request to create a service, or to delete it, to a step; a service that did not come to it is in the last bucket alone and makes the sum infinite."}
	of := newPercentiles("deploy_step", "the time from the request to create a service, or to delete it, to a step, in which one that did not come to it is slower than any")
	failed := &Family{Name: "deploy_failures", Kind: Counter, Help: "Services that did not come to the last step of the way, by way."}
	planned := &Family{Name: "deployments", Kind: Counter, Help: "Services that were to be deployed or removed, by way."}
	for i := range groups {
		g := &groups[i]
		labels := append(labelsOf(g.Key), Label{"together", strconv.Itoa(g.Together)}, Label{"initial_scale", strconv.Itoa(g.InitialScale)})
		for _, way := range []struct {
			name   string
			course *deploy.Course
		}{{"deploy", &g.Deployed}, {"remove", &g.Removed}} {
			if way.course.Planned == 0 {
				continue
			}
			for j := range way.course.Steps {
				addStep(steps, of, &way.course.Steps[j], labels)
			}
			planned.count(way.course.Planned, with(labels, "way", way.name)...)
			failed.count(way.course.Failed, with(labels, "way", way.name)...)
		}
	}
	return families(steps, of.value, planned, failed)
}

// ends are the steps that users wait for. The others have quantiles, and no histogram.
var ends = []record.DeployStepName{record.StepReady, record.StepRoutable, record.StepGone}

func addStep(steps *Family, of percentiles, s *deploy.Step, labels []Label) {
	labels = with(labels, "step", string(s.Name))
	if slices.Contains(ends, s.Name) {
		steps.distribute(bucketsOf(s.Times, s.Reached, s.Times.N()-s.Reached), labels)
	}
	of.add("50", s.P50, labels)
	of.add("95", s.P95, labels)
	of.add("99", s.P99, labels)
	of.add("100", s.Max, labels)
}
