package experiment

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen"
)

func arrivalOf(t *testing.T, text string) loadgen.Arrival {
	t.Helper()
	a, err := loadgen.ParseArrival(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// troubled is a cluster whose ingress refuses every request, so that no sample is an
// answer. After some of them it is clear that some services will never start, and from
// then on none returns to zero pods: only the guard ends the run.
type troubled struct {
	*madeUp
	after int64
	of    func(service string) bool

	proofs atomic.Int64
	clear  chan struct{}
}

func (c *troubled) Prove(ctx context.Context, t record.Target, s *record.Sample) error {
	if c.proofs.Add(1) == c.after {
		close(c.clear)
	}
	return c.madeUp.Prove(ctx, t, s)
}

func (c *troubled) AwaitZero(ctx context.Context, t record.Target) error {
	select {
	case <-c.clear:
		<-ctx.Done()
		return ctx.Err()
	default:
		return c.madeUp.AwaitZero(ctx, t)
	}
}

func (c *troubled) AwaitTrouble(ctx context.Context, t record.Target) error {
	select {
	case <-c.clear:
	case <-ctx.Done():
	}
	if ctx.Err() != nil || !c.of(t.Service) {
		<-ctx.Done()
		return nil
	}
	return errors.New("ImagePullBackOff")
}

// A class whose image cannot be pulled ends the run, whichever of its services shows
// it and however many requests have failed before.
func TestTheGuardEndsARunThatCannotSucceed(t *testing.T) {
	any := func(string) bool { return true }
	burst := func(services int) Experiment {
		return &Scale{Setup: setupOf(t), Iterations: 2, Services: []int{services}, MaxServices: 50, Arrival: arrivalOf(t, "burst")}
	}
	for _, c := range []struct {
		name       string
		experiment Experiment
		after      int64
		of         func(service string) bool
	}{
		{"single, at once", &Single{Setup: setupOf(t), Iterations: 5, ServicesPerClass: 2}, 1, any},
		{"single, after failed samples", &Single{Setup: setupOf(t), Iterations: 5, ServicesPerClass: 2}, 3, any},
		{"small rounds", burst(2), 1, any},
		{"large rounds, after the one that warms", burst(15), 2, any},
		// The service that warms, the 16th, shows nothing.
		{"large rounds, of one that is measured", burst(15), 2, func(service string) bool { return !strings.HasSuffix(service, "-15") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // far longer than it takes
			defer cancel()
			m := &troubled{madeUp: newMadeUp(t), after: c.after, of: c.of, clear: make(chan struct{})}
			m.ingress = closedAddress(t)
			if _, err := Run(ctx, m, c.experiment, nil); err == nil || !strings.Contains(err.Error(), "RuntimeClass runc: ImagePullBackOff") {
				t.Errorf("error %v", err)
			}
			if !m.was("remove") {
				t.Error("nothing was removed")
			}
		})
	}
}

func TestOnlyAnAnswerReleasesTheGuard(t *testing.T) {
	for _, c := range []struct {
		name   string
		sample record.Sample
		want   bool
	}{
		{"an answer", record.Sample{Outcome: record.OK}, true},
		{"a wrong answer of the function", record.Sample{Outcome: record.WrongInstance, Function: &record.Function{}}, true},
		{"a function that says nothing of itself", record.Sample{Outcome: record.OK, Status: 204}, true},
		{"a body that was not expected", record.Sample{Outcome: record.Body, Status: 200}, true},
		{"a failure that was traced to a pod", record.Sample{Outcome: record.HTTP, Status: 500, Instance: &record.Instance{Pod: "p"}}, true},
		{"a timeout", record.Sample{Outcome: record.Timeout}, false},
		{"an answer of the activator", record.Sample{Outcome: record.HTTP, Status: 504}, false},
	} {
		if got := answered(&c.sample); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestTheGuardWatchesUntilReleased(t *testing.T) {
	watched := make(chan record.Target, 10)
	show := make(chan error)
	g := newGuard(t.Context(), func(ctx context.Context, target record.Target) error {
		watched <- target
		select {
		case err := <-show:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	defer g.stop()
	runc, crun := record.Target{RuntimeClass: "runc", Service: "r"}, record.Target{RuntimeClass: "crun", Service: "c"}
	g.watch(runc)
	g.watch(runc) // is watched already
	g.watch(crun)
	<-watched
	<-watched
	g.release(crun.Key())
	g.watch(record.Target{RuntimeClass: "crun", Service: "c2"}) // its class was released
	show <- errors.New("no such image")
	<-g.ctx.Done()
	if err := g.reason(g.ctx.Err()); err == nil || err.Error() != "RuntimeClass runc: no such image" {
		t.Errorf("reason %v", err)
	}
	if len(watched) > 0 {
		t.Errorf("watched %v too", <-watched)
	}
}
