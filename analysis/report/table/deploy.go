package table

import (
	"fmt"
	"slices"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// deployColumns are the steps of Deployments, with their headings.
var deployColumns = []struct {
	heading string
	step    record.DeployStepName
}{
	{" created", record.StepCreated}, {" configuration", record.StepConfigurationReady}, {" revision", record.StepRevisionReady},
	{" ingress", record.StepIngressReady}, {" route", record.StepRouteReady}, {" ready", record.StepReady}, {" routable", record.StepRoutable},
	{" deleted", record.StepDeleted}, {" gone", record.StepGone},
}

// Deployments has the medians of the steps of deployments and removals.
func Deployments(s *analysis.Summary) *Table {
	head := []string{"deployed", " services", " initial scale", " n", " failed"}
	for _, c := range deployColumns {
		head = append(head, c.heading)
	}
	t := New(head...).
		Spare("configuration", "initial scale", "created", "revision", "deleted")
	for i := range s.Deployments {
		g := &s.Deployments[i]
		row := []string{deployName(g, s), servicesOf(g), fmt.Sprint(g.InitialScale), fmt.Sprint(g.Deployed.Planned), fmt.Sprint(g.Deployed.Failed + g.Removed.Failed)}
		for _, c := range deployColumns {
			row = append(row, medianOf(stepOf(g, c.step)))
		}
		t.Row(row...)
	}
	return t.orNil()
}

// deployName is the class of a group, and its run where there are several.
func deployName(g *deploy.Group, s *analysis.Summary) string {
	if len(s.Runs) == 1 {
		return g.Class().String()
	}
	return g.Class().String() + ", run " + g.RunID
}

// servicesOf is how many services were deployed together, those of other classes included
// if there were any.
func servicesOf(g *deploy.Group) string {
	if g.Alone() {
		return fmt.Sprint(g.Services)
	}
	return fmt.Sprintf("%d of %d", g.Services, g.Together)
}

// stepOf is a step of either way, or nil.
func stepOf(g *deploy.Group, name record.DeployStepName) *deploy.Step {
	if slices.Contains(record.RemovalSteps, name) {
		return g.Removed.Step(name)
	}
	return g.Deployed.Step(name)
}

func medianOf(s *deploy.Step) string {
	if s == nil {
		return None
	}
	return s.P50.String()
}

// deployEnds are the steps that DeployTimes shows, with what they are called.
var deployEnds = []struct {
	name string
	step record.DeployStepName
}{{"ready", record.StepReady}, {"routable", record.StepRoutable}, {"gone", record.StepGone}}

// DeployTimes has the percentiles of the steps that matter to users, and how a batch of
// services came to them over time.
func DeployTimes(s *analysis.Summary) *Table {
	t := New("deployed", " services", "until", " p50", " p95", " p99", " max", " to within", " last sent", " first", " half", " all").
		Spare("last sent", "to within", "half", "first")
	for i := range s.Deployments {
		g := &s.Deployments[i]
		for _, end := range deployEnds {
			step := stepOf(g, end.step)
			if step == nil {
				continue
			}
			course := &g.Deployed
			if end.step == record.StepGone {
				course = &g.Removed
			}
			t.Row(deployName(g, s), servicesOf(g), end.name, step.P50.String(), step.P95.String(), step.P99.String(), step.Max.String(),
				stat.Format(step.MedianResolution), stat.Format(course.Sent), milestone(step.First), milestone(step.Half), milestone(step.All))
		}
	}
	t.Ditto(0, 1)
	return t.orNil()
}

// DeployNote explains both tables.
const DeployNote = "Deployed: medians since the request to create a service was sent, or to delete it for deleted and gone; what the tool waited before it sent a request is not in them. " +
	"Configuration to ready: the watch told of the condition Ready, to about 1 ms. Routable: the activator answered a probe through the ingress, to within the time since the probe before. " +
	"Gone: nothing is left of the service. One that failed is slower than any. " +
	"Last sent to all: since the first request of those that were created together, as medians over such batches; last sent is of the slowest."
