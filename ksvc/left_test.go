package ksvc_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batch "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// state is what Left says of a run, without instants.
type state struct {
	Run            string
	Services, Pods int
	Liveness       ksvc.Liveness
	Tracing        bool
}

func states(t *testing.T, f *ksvctest.Fakes) []state {
	t.Helper()
	all, err := f.Left(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var short []state
	for _, l := range all {
		short = append(short, state{l.Run, l.Services, l.Pods, l.Liveness, l.Tracing})
	}
	return short
}

func wantStates(t *testing.T, f *ksvctest.Fakes, want ...state) {
	t.Helper()
	if diff := cmp.Diff(want, states(t, f)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestLeft(t *testing.T) {
	bubble(t, "nothing", func(t *testing.T) { wantStates(t, ksvctest.NewFakes()) })
	bubble(t, "alive, without a lease, with nothing but a lease", func(t *testing.T) {
		first, firstPod := owned("run-1", "a")
		second, secondPod := owned("run-2", "b")
		stranger, strangerPod := owned("run-1", "c")
		stranger.Labels, strangerPod.Labels = nil, nil
		f := ksvctest.NewFakes(first, firstPod, second, secondPod, stranger, strangerPod,
			leaseOf(ksvctest.Space, "kn-coldstart-run-1", "run-1", 0), leaseOf(ksvctest.Space, "kn-coldstart-run-3", "run-3", time.Second),
			leaseOf("elsewhere", "kn-coldstart-run-4", "run-4", 0))
		wantStates(t, f, state{"run-1", 1, 1, ksvc.Alive, false}, state{"run-2", 1, 1, ksvc.NoLease, false}, state{"run-3", 0, 0, ksvc.Alive, false})
	})
	bubble(t, "workers, and a run in a pod", func(t *testing.T) {
		workers, pod := &batch.Job{}, &batch.Job{}
		workers.ObjectMeta = metav1.ObjectMeta{Name: "w", Namespace: ksvctest.Space, Labels: ksvctest.Labels("run-1")}
		pod.ObjectMeta = metav1.ObjectMeta{Name: "p", Namespace: ksvctest.Space, Labels: ksvctest.Labels("run-2")}
		workers.Labels = maps.Clone(workers.Labels)
		workers.Labels[ksvc.LabelWorker] = "0"
		wantStates(t, ksvctest.NewFakes(workers, pod), state{"run-1", 0, 0, ksvc.NoLease, false})
	})
	bubble(t, "stale", func(t *testing.T) {
		s, pod := owned("run-1", "a")
		f := ksvctest.NewFakes(s, pod, leaseOf(ksvctest.Space, "kn-coldstart-run-1", "run-1", 2*time.Minute))
		wantStates(t, f, state{"run-1", 1, 1, ksvc.Stale, false})
	})
	// Whose clock differs from ours lives all the same: it renews its lease.
	for name, clock := range map[string]time.Duration{"a slow clock": -time.Hour, "a fast clock": time.Hour} {
		bubble(t, name, func(t *testing.T) {
			s, pod := owned("run-1", "a")
			l := leaseOf(ksvctest.Space, "kn-coldstart-run-1", "run-1", -clock)
			f := ksvctest.NewFakes(s, pod, l)
			time.AfterFunc(15*time.Second, func() { renew(t, f, l, clock) })
			wantStates(t, f, state{"run-1", 1, 1, ksvc.Alive, false})
		})
	}
	bubble(t, "a run that is killed", func(t *testing.T) {
		s, pod := owned("run-1", "a")
		f := ksvctest.NewFakes(s, pod, leaseOf(ksvctest.Space, "kn-coldstart-run-1", "run-1", 0))
		time.Sleep(59 * time.Second)
		wantStates(t, f, state{"run-1", 1, 1, ksvc.Alive, false})
		time.Sleep(time.Second)
		wantStates(t, f, state{"run-1", 1, 1, ksvc.Stale, false})
	})
}

func TestLeftOfTracing(t *testing.T) {
	lease := func(run string, ago time.Duration) *ksvctest.Fakes {
		f := tracingFakes()
		if err := f.Kube.Tracker().Add(leaseOf(ksvc.SystemNamespace, ksvc.TracingLease, run, ago)); err != nil {
			panic(err)
		}
		return f
	}
	bubble(t, "alive", func(t *testing.T) {
		f := lease("run-1", 0)
		traceTo(t, f, "run-1", "http://run")
		wantStates(t, f, state{"run-1", 0, 0, ksvc.Alive, true})
	})
	bubble(t, "stale", func(t *testing.T) {
		f := lease("run-1", time.Hour)
		traceTo(t, f, "run-1", "http://run")
		wantStates(t, f, state{"run-1", 0, 0, ksvc.Stale, true})
	})
	bubble(t, "without a lease", func(t *testing.T) {
		f := tracingFakes()
		traceTo(t, f, "run-1", "http://run")
		wantStates(t, f, state{"run-1", 0, 0, ksvc.NoLease, true})
	})
	bubble(t, "nothing but a lease", func(t *testing.T) {
		wantStates(t, lease("run-1", time.Hour), state{"run-1", 0, 0, ksvc.Stale, true})
	})
	bubble(t, "a dead run's change that a living one is about to undo", func(t *testing.T) {
		f := lease("run-2", 0)
		traceTo(t, f, "run-1", "http://run")
		wantStates(t, f, state{"run-2", 0, 0, ksvc.Alive, true})
	})
	bubble(t, "not to be seen, and not needed", func(t *testing.T) {
		f := tracingFakes()
		ksvctest.Refuse(&f.Kube.Fake, "get", "leases", apierrors.NewForbidden(leaseResource, ksvc.TracingLease, nil))
		wantStates(t, f)
	})
}
