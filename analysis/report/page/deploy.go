package page

import (
	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/report/table"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// deployChart is how many services of a group had come to a step after a time: since the
// first request to create one was sent, or to delete one for gone.
type deployChart struct {
	Class    int          `json:"class"`
	Services int          `json:"services"`
	Together int          `json:"together"`
	Created  []chartCount `json:"created"`
	Ready    []chartCount `json:"ready"`
	Routable []chartCount `json:"routable"`
	Gone     []chartCount `json:"gone"`
}

func (c *charts) deployments(s *analysis.Summary) []*deployChart {
	var list []*deployChart
	for i := range s.Deployments {
		g := &s.Deployments[i]
		of := func(way *deploy.Course, name record.DeployStepName) []chartCount {
			if step := way.Step(name); step != nil {
				return counts(step.After, g.Batches)
			}
			return []chartCount{}
		}
		list = append(list, &deployChart{Class: c.class(g.Key), Services: g.Services, Together: g.Together,
			Created: of(&g.Deployed, record.StepCreated), Ready: of(&g.Deployed, record.StepReady),
			Routable: of(&g.Deployed, record.StepRoutable), Gone: of(&g.Removed, record.StepGone)})
	}
	return list
}

// deployFigures are about how services came and went.
func deployFigures(s *analysis.Summary) []templates.Figure {
	if len(s.Deployments) == 0 {
		return nil
	}
	return []templates.Figure{
		{ID: "deployed", Title: "Services being deployed",
			Lead: "How many services the API server had created, dashed, how many were Ready, solid, and to how many a request got through the ingress, dotted, since the first request to create one was sent, as a mean over the services that were created together. " +
				"A service that did not get so far is never counted.",
			Table: htmlTable("Time to create services, and to remove them", table.DeployTimes(s))},
		{ID: "removed", Title: "Services being removed",
			Lead:  "How many services were gone, with all that Knative had made of them, since the first request to delete one was sent.",
			Table: htmlTable("Steps of deployments and removals, as medians", table.Deployments(s))},
	}
}
