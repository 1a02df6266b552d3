package experiment

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// deployedScale is a scale of two classes at one and two services.
func deployedScale(t *testing.T) *Scale {
	e := &Scale{Setup: setupOf(t), Iterations: 2, Services: []int{1, 2}, MaxServices: 10, Arrival: arrivalOf(t, "burst"), InitialScale: 1, DeployRounds: true}
	e.Classes = append(e.Classes, record.Class{Name: "crun", Image: "x"})
	return e
}

func TestDeploymentsAreWrittenDown(t *testing.T) {
	e := deployedScale(t)
	m := newMadeUp(t)
	result, err := Run(t.Context(), m, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := runFile(t, result.RunFile)
	// For each class one that is discarded, 1 and 2 in each of two blocks, and the 2 that
	// are fired at.
	const each = 1 + 2*(1+2) + 2
	batches, lines, names := map[record.Batch]int{}, map[record.Type]int{}, map[string]int{}
	for _, d := range run.Deployments {
		batches[d.Batch]++
		lines[d.Type]++
		names[d.Service]++
		if d.RuntimeClass != "runc" && d.RuntimeClass != "crun" || d.Failure != "" || len(d.Steps) < 3 {
			t.Errorf("%+v", d)
		}
	}
	want := map[record.Batch]int{
		{Services: 1, Together: 1, Discarded: true, InitialScale: 1}: 4,
		{Services: 1, Together: 1, Block: 1, InitialScale: 1}:        4,
		{Services: 2, Together: 2, Block: 2, InitialScale: 1}:        8,
		{Services: 2, Together: 4, InitialScale: 1}:                  8,
	}
	for b, n := range want {
		if batches[b] != n {
			t.Errorf("%d lines of %+v, want %d", batches[b], b, n)
		}
	}
	if lines[record.TypeDeployment] != 2*each || lines[record.TypeRemoval] != 2*each || len(names) != 2*each || run.End == nil || len(run.Damage) > 0 {
		t.Errorf("%v of %d services, damage %v, want %d of each", lines, len(names), run.Damage, 2*each)
	}
	if s := run.Header.Settings; s.InitialScale != 1 || !s.DeployRounds {
		t.Errorf("settings %+v", s)
	}
	for name, s := range m.services {
		if s.InitialScale != 1 {
			t.Errorf("%s begins with %d instances", name, s.InitialScale)
		}
	}
	if !m.was("stop deployments") || m.was("instances") {
		t.Errorf("asked for %v", m.asked)
	}
}

// A service that does not get ready is written down with the reason.
func TestADeploymentThatFails(t *testing.T) {
	m := newMadeUp(t)
	m.fails["removal"] = errors.New("stuck")
	var written []record.Deployment
	full := errors.New("no space")
	all := deployments{cluster: m, write: func(d record.Deployment) error { written = append(written, d); return full },
		services: []record.Deployment{{RuntimeClass: "runc", Service: "h-1", Batch: record.Batch{Services: 1, Together: 1}}}}
	end := all.expectGone(t.Context())
	began := time.Now()
	if failure, unwritten := end(10 * time.Millisecond); failure != "stuck" || !errors.Is(unwritten, full) {
		t.Errorf("it ended with %q, %v", failure, unwritten)
	}
	if len(written) != 1 || written[0].Failure != "stuck" || written[0].RuntimeClass != "runc" || time.Since(began) < 10*time.Millisecond {
		t.Errorf("written %+v after %v", written, time.Since(began))
	}
	end = all.expectGone(t.Context())
	if end(time.Hour); len(written) != 1 {
		t.Errorf("what is gone is removed once more: %+v", written)
	}
}

// What Ctrl-C cuts off did not fail.
func TestAnInterruptedDeploymentIsNoFailure(t *testing.T) {
	e := deployedScale(t)
	m := newMadeUp(t)
	m.fails["deployment"] = errors.New("not reached: ready")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	m.during = func(what string) {
		if what == "deployment" {
			interrupt()
		}
	}
	result, err := Run(ctx, m, e, nil)
	run := runFile(t, result.RunFile)
	if !errors.Is(err, context.Canceled) || len(run.Deployments) != 0 || run.End == nil || run.End.Reason != record.EndInterrupted {
		t.Errorf("%v, %+v, end %+v", err, run.Deployments, run.End)
	}
	if !m.was("remove") {
		t.Error("nothing is removed")
	}
}

// Ctrl-C during the removal ends the run file at once, and the removal goes on.
func TestARemovalThatIsInterrupted(t *testing.T) {
	e := deployedScale(t)
	e.DeployRounds = false
	m := newMadeUp(t)
	m.fails["removal"] = errors.New("still there")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := false
	m.during = func(what string) {
		if what != "remove" {
			return
		}
		interrupt()
		for began := time.Now(); !ended && time.Since(began) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
			run, err := record.ReadFile(e.RunFile)
			ended = err == nil && run.End != nil
		}
	}
	result, err := Run(ctx, m, e, nil)
	run := runFile(t, result.RunFile)
	if err != nil || !ended || run.End.Reason != record.EndCompleted || len(run.Damage) > 0 {
		t.Errorf("%v; ended during the removal: %v, end %+v, damage %v", err, ended, run.End, run.Damage)
	}
	for _, d := range run.Deployments {
		if d.Type == record.TypeRemoval {
			t.Errorf("%+v", d)
		}
	}
}

// A class that cannot start ends a run of rounds before the first one.
func TestAClassThatCannotStartEndsTheRounds(t *testing.T) {
	m, e := newMadeUp(t), deployedScale(t)
	m.fails["deployment"] = errors.New("Ready is False: RevisionFailed")
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := Run(t.Context(), m, e, nil)
		if err == nil || !strings.Contains(err.Error(), "deploy a service of") || !strings.Contains(err.Error(), "RevisionFailed") || !m.was("remove") {
			t.Errorf("%v, asked for %v", err, m.asked)
		}
		if took := time.Since(began); took > e.patience().Ready+time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

// Each number of services has rounds of its own.
func TestRoundsOfOneNumberTwice(t *testing.T) {
	e := deployedScale(t)
	e.Services = []int{2, 1, 2}
	if err := e.Validate(); err == nil || !strings.Contains(err.Error(), "each number must be named once") {
		t.Error(err)
	}
	e.DeployRounds = false
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
}

// Where nobody may watch it, only what was asked for expressly fails.
func TestDeploymentsThatCannotBeWatched(t *testing.T) {
	for name, rounds := range map[string]bool{"asked for": true, "beside": false} {
		t.Run(name, func(t *testing.T) {
			e := deployedScale(t)
			e.DeployRounds = rounds
			m := newMadeUp(t)
			m.fails["follow deployments"] = errors.New("forbidden")
			var warned []string
			result, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
				if w, ok := n.(Warning); ok {
					warned = append(warned, w.Text)
				}
			}))
			if rounds != (err != nil && strings.Contains(err.Error(), "forbidden")) {
				t.Fatalf("Run = %v", err)
			}
			run := runFile(t, result.RunFile)
			told := slices.ContainsFunc(run.Events, func(e record.Event) bool { return e.Kind == record.EventDeploymentsUnread })
			if told == rounds || len(run.Deployments) != 0 || rounds == slices.Contains(warned, "it is not measured how services are deployed: forbidden") {
				t.Errorf("told %v, warned %q, %d deployments", told, warned, len(run.Deployments))
			}
		})
	}
}
