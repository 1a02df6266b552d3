package deploy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/internal/runtest"
	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/analysis/stat"
)

// groupsOf are those of runs.
func groupsOf(runs ...*record.Run) []Group {
	c := NewCollector()
	for _, r := range runs {
		c.Header(&r.Header)
		for i := range r.Deployments {
			c.Deployment(&r.Deployments[i])
		}
		c.Finish()
	}
	return c.Groups()
}

const ms = time.Millisecond

func TestGroups(t *testing.T) {
	groups := groupsOf(runtest.Deployed())
	var names []string
	for _, g := range groups {
		names = append(names, g.Key.String())
		if g.Batches != 2 || g.InitialScale != 1 || !g.Alone() || g.RunID != "deployed" {
			t.Errorf("%+v", g)
		}
	}
	if diff := cmp.Diff([]string{"runc", "gvisor", "runc at 4 services", "gvisor at 4 services"}, names); diff != "" {
		t.Fatal(diff)
	}
	g := groups[2]
	if g.Deployed.Planned != 8 || g.Deployed.Failed != 0 || g.Removed.Planned != 8 || g.Deployed.Sent != 30*ms {
		t.Errorf("%+v", g)
	}
	ready := g.Deployed.Step(record.StepReady)
	first, half, all := time.Second, 2010*ms, 4030*ms // the requests are 10 ms apart
	want := Milestones{&first, &half, &all}
	if diff := cmp.Diff(want, ready.Milestones); diff != "" || ready.P50.Latency != 2*time.Second || ready.Max.Latency != 4*time.Second || ready.Resolution != ms {
		t.Errorf("%+v %s", ready, diff)
	}
	if routable := g.Deployed.Step(record.StepRoutable); routable.P50.Latency != 2050*ms || routable.MedianResolution != 20*ms || routable.Reached != 8 || len(routable.After) != 8 {
		t.Errorf("%+v", routable)
	}
	if gone := g.Removed.Step(record.StepGone); gone.P50.Latency != time.Second || gone.Max.Latency != 2*time.Second {
		t.Errorf("%+v", gone)
	}
}

// A deployment that failed, and one of which nothing is known, is slower than any.
func TestFailuresAreSlowerThanAny(t *testing.T) {
	lost := runtest.New("r", "runc").Deploy("runc", record.Batch{Services: 4}, time.Second, 2*time.Second, 3*time.Second).Run()
	for name, c := range map[string]struct {
		group         Group
		planned, fail int
		failure       string
	}{
		"failed": {groupsOf(runtest.Deployed())[3], 8, 1, "not reached: ready; Ready is False: RevisionFailed"},
		"lost":   {groupsOf(lost)[0], 4, 1, "nothing is known of some of them"},
	} {
		d := c.group.Deployed
		if d.Planned != c.planned || d.Failed != c.fail || d.Failure != c.failure {
			t.Errorf("%s: %+v", name, d)
		}
		ready := d.Step(record.StepReady)
		if ready.Reached != c.planned-c.fail || !ready.Max.Failed || ready.P50.Failed || ready.Times.Quantile(0.99) != ready.Max {
			t.Errorf("%s: %+v", name, ready)
		}
		if name == "lost" && ready.All != nil {
			t.Errorf("all are Ready after %v", *ready.All)
		}
	}
}

// What is not known of the way through the ingress is in no figure of it.
func TestUnknownRoutes(t *testing.T) {
	r := runtest.New("r", "runc").Deploy("runc", record.Batch{}, time.Second, 2*time.Second).Run()
	d := &r.Deployments[0]
	d.RouteUnknown, d.Steps = "why", d.Steps[:len(d.Steps)-1]
	g := groupsOf(r)[0]
	if g.Deployed.RouteUnknown != 1 || g.Deployed.Failed != 0 {
		t.Errorf("%+v", g.Deployed)
	}
	if s := g.Deployed.Step(record.StepRoutable); s.Times.N() != 1 || s.Max != (stat.Point{Latency: 2050 * ms}) {
		t.Errorf("%+v", s)
	}
}

// Services that requests are sent to count only where none was deployed for itself.
func TestServicesOfTheRequests(t *testing.T) {
	run := func(rounds bool) *record.Run {
		r := runtest.New("r", "runc").Deploy("runc", record.Batch{Block: 1}, time.Second).Deploy("runc", record.Batch{}, time.Minute).Run()
		r.Header.Settings.DeployRounds, r.Header.Settings.Iterations = rounds, 1
		return r
	}
	for rounds, want := range map[bool]int{true: 1, false: 2} {
		if g := groupsOf(run(rounds)); len(g) != 1 || g[0].Deployed.Planned != want {
			t.Errorf("%v: %+v", rounds, g)
		}
	}
}

// A run without deployments has no groups, and each run has its own.
func TestRunsAreApart(t *testing.T) {
	one := runtest.New("a", "runc").Deploy("runc", record.Batch{Together: 3}, time.Second).Run()
	two := runtest.New("b", "runc").Deploy("runc", record.Batch{}, time.Second).Run()
	two.Deployments[0].Attempts = 2
	groups := groupsOf(one, runtest.New("none", "runc").Run(), two)
	if len(groups) != 2 || groups[0].RunID != "a" || groups[0].Alone() || groups[1].RunID != "b" || groups[1].Deployed.Retried != 1 {
		t.Errorf("%+v", groups)
	}
}
