package experiment

import (
	"context"
	"errors"
	"strings"
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

// A class whose image cannot be pulled ends the run at once, whichever of its services
// is asked, also where the warm-up fires services of its own.
func TestTheGuardEndsARunThatCannotSucceed(t *testing.T) {
	for name, e := range map[string]Experiment{
		"single": &Single{Setup: setupOf(t), Iterations: 5, ServicesPerClass: 2},
		"small rounds": &Scale{Setup: setupOf(t), Iterations: 1, Services: []int{2}, MaxServices: 50,
			Arrival: arrivalOf(t, "burst")},
		"large rounds": &Scale{Setup: setupOf(t), Iterations: 1, Services: []int{15}, MaxServices: 50,
			Arrival: arrivalOf(t, "burst")},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMadeUp(t)
			m.ingress = closedAddress(t) // each request fails, which must not release the guard
			asked := 0
			m.during = func(what string) {
				if what == "prove" { // after the first failure the trouble shows
					m.mu.Lock()
					defer m.mu.Unlock()
					asked++
				}
			}
			m.trouble["runc"] = errors.New("ImagePullBackOff")
			began := time.Now()
			_, err := Run(t.Context(), m, e, nil)
			if err == nil || !strings.Contains(err.Error(), "RuntimeClass runc: ImagePullBackOff") {
				t.Errorf("error %v after %v", err, time.Since(began))
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
