package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kn-coldstart/kn-coldstart/analysis"
	"github.com/kn-coldstart/kn-coldstart/analysis/deploy"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// Metrics of deployments are facts about them, as those of loads are: services that are
// created together depend on one another. Where several runs have some, or where services
// of a class were created among different numbers of others, each group has to meet the
// threshold.

// OfDeployments says that the threshold is about how services are deployed or removed.
func (t Threshold) OfDeployments() bool {
	m, known := metricOf(t.Metric)
	return known && m.deployed != ""
}

// judgeDeployments judges each class and number of services that the threshold selects,
// unless the runs must not be judged.
func (t Threshold) judgeDeployments(groups []deploy.Group, refused Judgement) []Judgement {
	return judgeEach(t, groups, func(g *deploy.Group) record.Key { return g.Key }, refused, t.judgeGroup)
}

// judgeGroup judges one of several groups, and returns the value that it went by.
func (t Threshold) judgeGroup(g *deploy.Group, of int) (Judgement, float64) {
	j := Judgement{Kind: SLO}
	m, _ := metricOf(t.Metric)
	step, reason := measurable(g, m.deployed)
	if reason != "" {
		j.Verdict, j.Reason = Invalid, reason
		return j, 0
	}
	p := step.Times.Quantile(t.Quantile)
	value := float64(p.Latency)
	if p.Failed {
		value = math.Inf(1)
	}
	j.Reason = fmt.Sprintf("p%s of %d services is %s", number(100*t.Quantile), step.Times.N(), p)
	if of > 1 {
		j.Reason += fmt.Sprintf(", in the worst of %d groups", of)
	}
	t.decideDeployment(&j, step, value)
	return j, value
}

// measurable is the step that a metric is about, or why it must not be judged.
func measurable(g *deploy.Group, name record.DeployStepName) (*deploy.Step, string) {
	course := &g.Deployed
	if slices.Contains(record.RemovalSteps, name) {
		course = &g.Removed
	}
	if name == record.StepRoutable && course.RouteUnknown > 0 {
		return nil, fmt.Sprintf("of %d of %d services it is not known when requests got through the ingress", course.RouteUnknown, course.Planned)
	}
	step := course.Step(name)
	if step == nil {
		return nil, fmt.Sprintf("nothing tells when services were %s", name)
	}
	return step, ""
}

// decideDeployment decides from the value of a group. A value is when the step was
// seen, so that it may only be too long; how much too long is its resolution.
func (t Threshold) decideDeployment(j *Judgement, s *deploy.Step, value float64) {
	needed := max(leastSeen, stat.SamplesNeeded(t.Quantile, stat.Confidence))
	switch {
	case !t.holds(value) && t.holds(value-float64(s.Resolution)):
		j.Verdict = Inconclusive
		j.Reason += fmt.Sprintf("; it may have been up to %s less", stat.Format(s.Resolution))
	case !t.holds(value):
		j.Verdict = Fail
	case s.Times.N() < needed:
		j.Verdict = Inconclusive
		j.Reason += fmt.Sprintf("; to pass on it takes %d services, and there are %d", needed, s.Times.N())
	default:
		j.Verdict = Pass
		j.Reason += "; that describes these deployments alone and bounds nothing beyond them"
	}
}

// unfollowed names what a run was to deploy, and of which nothing is known; it is empty if
// something is known of all that the threshold selects.
func (t Threshold) unfollowed(groups []deploy.Group, runs []*record.Run) string {
	for _, r := range runs {
		set := r.Header.Settings
		for _, class := range r.Header.Classes {
			numbers := []int{t.Services}
			if t.Services == AllServices && set.DeployRounds {
				numbers = set.Services
			}
			for _, n := range numbers {
				k := class.Key()
				k.Services = n
				known := slices.ContainsFunc(groups, func(g deploy.Group) bool {
					return g.RunID == r.Header.RunID && g.Class() == class.Key() && (n == AllServices || g.Services == n)
				})
				if !known && (t.RuntimeClass == "" || t.RuntimeClass == class.Name) {
					return fmt.Sprintf("run %s has no deployments of %s", r.Header.RunID, k)
				}
			}
		}
	}
	return ""
}

func deploymentNames(s *analysis.Summary) string {
	var names []string
	for i := range s.Deployments {
		if name := "deployments of " + s.Deployments[i].Key.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no deployments"
	}
	return strings.Join(names, ", ")
}
