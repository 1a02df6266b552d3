package watch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"k8s.io/apimachinery/pkg/watch"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// watchFakes has a played watch talk to the fakes that it returns.
func watchFakes(p *played) *ksvctest.Fakes {
	f := ksvctest.NewFakes()
	p.client = f.Client
	return f
}

// deletions are the grace periods of the pods whose deletion was asked for, by UID.
func deletions(t *testing.T, f *ksvctest.Fakes) map[string]int64 {
	t.Helper()
	asked := map[string]int64{}
	for _, a := range f.Kube.Actions() {
		d, ok := a.(clienttesting.DeleteActionImpl)
		if !ok {
			continue
		}
		uid := string(*d.DeleteOptions.Preconditions.UID)
		if _, twice := asked[uid]; twice {
			t.Errorf("pod %s is deleted twice", uid)
		}
		asked[uid] = *d.DeleteOptions.GracePeriodSeconds
	}
	return asked
}

// A pod is ended when its deployment asks for none, once, and never by force. One that
// is Terminating already is left alone.
func TestEndSurplus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := newPlayed(t, options{})
		f := watchFakes(p)
		p.play(ms, watch.Added, ksvctest.NewDeployment(1))
		p.play(ms, watch.Added, ksvctest.NewPod("old", ksvctest.Ready, ksvctest.Terminating))
		p.play(ms, watch.Added, ksvctest.NewPod("up", ksvctest.Ready))
		result := inBackground(func() error { return p.EndSurplus(ctx) })
		synctest.Wait()
		if asked := deletions(t, f); len(asked) != 0 {
			t.Errorf("deleted %v while the deployment asks for a pod", asked)
		}
		for range 2 {
			p.play(ms, watch.Modified, ksvctest.NewDeployment(0))
			synctest.Wait()
		}
		if asked := deletions(t, f); len(asked) != 1 || asked["up"] != 1 {
			t.Errorf("deletions by UID: %v, want that of up, with a grace period of 1 s", asked)
		}
		cancel()
		if err, done := result(); !done || err != nil {
			t.Errorf("EndSurplus = %v, done %v, want nil and done", err, done)
		}
	})
}

func TestEndSurplusIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, options{})
		refused := errors.New("pods is forbidden")
		ksvctest.Refuse(&watchFakes(p).Kube.Fake, "delete", "pods", refused)
		p.play(ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
		p.play(ms, watch.Added, ksvctest.NewDeployment(0))
		if err := p.EndSurplus(t.Context()); !errors.Is(err, refused) {
			t.Errorf("EndSurplus = %v, want %v", err, refused)
		}
	})
}

// Pods of services that existed before the run are nobody's to end.
func TestEndSurplusLeavesExistingServicesAlone(t *testing.T) {
	f := ksvctest.NewFakes()
	w := newWatch(f.Client, ofExisting([]record.ExistingService{{Name: "shop"}}), record.NewClock(), options{}, nil)
	if err := w.EndSurplus(t.Context()); !errors.Is(err, errNotOurs) {
		t.Errorf("error %v", err)
	}
}
