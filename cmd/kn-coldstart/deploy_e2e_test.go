//go:build e2e

package main

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// apart is how much earlier one watch may tell of what comes later than what another tells,
// where many pods start.
const apart = 5 * time.Second

// wantDeployments checks that a scale knows of each of its services how it came, and how it
// went, and that there were as many as its settings say.
func wantDeployments(t *testing.T, run *record.Run) {
	t.Helper()
	got := map[record.Type]map[record.Batch]int{record.TypeDeployment: {}, record.TypeRemoval: {}}
	ways := map[string][]record.Type{}
	for _, d := range run.Deployments {
		got[d.Type][d.Batch]++
		ways[d.Service] = append(ways[d.Service], d.Type)
		if d.Failure != "" || d.RouteUnknown != "" || d.Attempts < 1 || d.Namespace == "" {
			t.Errorf("%s of %s: %+v", d.Type, d.Service, d)
		}
		if d.Type == record.TypeRemoval {
			wantOrder(t, d, 0, record.RemovalSteps...)
			continue
		}
		wantOrder(t, d, 0, record.StepCreateSent, record.StepCreated)
		wantOrder(t, d, apart, record.StepCreateSent, record.StepIngressReady, record.StepRouteReady, record.StepReady)
		wantOrder(t, d, apart, record.StepCreateSent, record.StepRevisionReady, record.StepConfigurationReady, record.StepReady)
		wantOrder(t, d, 0, record.StepCreateSent, record.StepRoutable)
		wantServerOrder(t, d, record.StepIngressReady, record.StepRouteReady, record.StepReady)
		wantServerOrder(t, d, record.StepRevisionReady, record.StepConfigurationReady, record.StepReady)
		if len(d.Steps) != len(record.DeploySteps) || len(d.ServerSteps) != 5 {
			t.Errorf("%s: steps %+v, by the API server %+v", d.Service, d.Steps, d.ServerSteps)
		}
	}
	for name, all := range ways {
		if !slices.Equal(all, []record.Type{record.TypeDeployment, record.TypeRemoval}) {
			t.Errorf("%s has the lines %v", name, all)
		}
	}
	want := plannedBatches(&run.Header)
	for kind, batches := range got {
		if diff := cmp.Diff(want, batches); diff != "" {
			t.Errorf("services by batch, %s (-want +got):\n%s", kind, diff)
		}
	}
}

// wantOrder checks that steps were reached one after the other, none of them certainly
// before the one that it follows.
func wantOrder(t *testing.T, d record.Deployment, within time.Duration, names ...record.DeployStepName) {
	t.Helper()
	var before time.Duration
	for _, name := range names {
		at, reached := d.Step(name)
		if !reached || at+within < before {
			t.Errorf("%s of %s: %s at %v (%v), after a step at %v", d.Type, d.Service, name, at, reached, before)
		}
		before = at
	}
}

// wantServerOrder checks that steps were reached one after the other by the API server's own
// timestamps, which do not depend on when a watch tells of them.
func wantServerOrder(t *testing.T, d record.Deployment, names ...record.DeployStepName) {
	t.Helper()
	before := record.DeployStep{At: -time.Hour}
	for _, name := range names {
		i := slices.IndexFunc(d.ServerSteps, func(s record.DeployStep) bool { return s.Name == name })
		if i < 0 || d.ServerSteps[i].At < before.At {
			t.Errorf("%s: the API server has %+v, not %s after %s", d.Service, d.ServerSteps, name, before.Name)
			return
		}
		before = d.ServerSteps[i]
	}
}

// plannedBatches is how many services a scale deploys in each batch.
func plannedBatches(h *record.Header) map[record.Batch]int {
	set, classes, want := h.Settings, len(h.Classes), map[record.Batch]int{}
	if set.DeployRounds {
		want[record.Batch{Services: 1, Together: 1, Discarded: true, InitialScale: set.InitialScale}] += classes
		for block := range set.Iterations {
			for _, n := range set.Services {
				want[record.Batch{Services: n, Together: n, Block: block + 1, InitialScale: set.InitialScale}] += n * classes
			}
		}
	}
	if slices.Min(set.Services) > 10 { // they have services of their own that warm caches
		want[record.Batch{Services: 1, Together: classes, Discarded: true, InitialScale: set.InitialScale}] += classes
	}
	most := slices.Max(set.Services)
	want[record.Batch{Services: most, Together: most * classes, InitialScale: set.InitialScale}] += most * classes
	return want
}
