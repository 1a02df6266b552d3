package ksvc_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// cleanFakes have a run that lives, one that is dead, and the dead one's tracing.
func cleanFakes(t *testing.T) *ksvctest.Fakes {
	t.Helper()
	f := deleteFakes()
	for _, o := range []runtime.Object{
		ksvctest.NewConfigMap(ksvc.ObservabilityConfig, tracingBefore), ksvctest.NewActivator(),
		leaseOf(ksvctest.Space, "kn-coldstart-run-1", "run-1", time.Hour),
		leaseOf(ksvctest.Space, "kn-coldstart-run-2", "run-2", -time.Minute/2), // lives on for as long as the test takes
		leaseOf(ksvc.SystemNamespace, ksvc.TracingLease, "run-1", time.Hour),
	} {
		if err := f.Kube.Tracker().Add(o); err != nil {
			t.Fatal(err)
		}
	}
	traceTo(t, f, "run-1", "http://run")
	return f
}

// clean cleans up what is not alive.
func clean(t *testing.T, f *ksvctest.Fakes) (ksvc.Cleaned, error) {
	t.Helper()
	all, err := f.Left(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	dead := slices.DeleteFunc(all, func(l ksvc.Left) bool { return l.Liveness == ksvc.Alive })
	return f.Clean(t.Context(), dead, ksvc.DeleteOptions{})
}

func TestClean(t *testing.T) {
	living := []string{"b", "b-pod", "c", "c-pod"}
	bubble(t, "what is dead", func(t *testing.T) {
		f := cleanFakes(t)
		got, err := clean(t, f)
		want := ksvc.Cleaned{Deleted: ksvc.Deleted{Services: 1, Pods: 1}, Restored: ksvc.Restored{Changed: true}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff(living, left(t, f)); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		wantTracing(t, f, tracingBefore, false)
		if _, there := leases(t, f, ksvctest.Space)["kn-coldstart-run-2"]; !there || len(leases(t, f, ksvctest.Space))+len(leases(t, f, ksvc.SystemNamespace)) != 1 {
			t.Errorf("leases left: %v, %v", leases(t, f, ksvctest.Space), leases(t, f, ksvc.SystemNamespace))
		}
	})
	bubble(t, "nothing", func(t *testing.T) {
		f := deleteFakes()
		if got, err := f.Clean(t.Context(), nil, ksvc.DeleteOptions{}); err != nil || got.Services != 0 || len(left(t, f)) != 6 {
			t.Errorf("Clean of no run = %+v, %v, left %v", got, err, left(t, f))
		}
	})
	bubble(t, "although the services cannot be deleted", func(t *testing.T) {
		f := cleanFakes(t)
		broken := errors.New("broken")
		ksvctest.Refuse(&f.Serving.Fake, "delete", "services", broken)
		if got, err := clean(t, f); !errors.Is(err, broken) || !got.Changed {
			t.Errorf("Clean = %+v, %v", got, err)
		}
		wantTracing(t, f, tracingBefore, false)
	})
	bubble(t, "although the setting cannot be put back", func(t *testing.T) {
		f := cleanFakes(t)
		broken := errors.New("broken")
		ksvctest.Refuse(&f.Kube.Fake, "patch", "configmaps", broken)
		if got, err := clean(t, f); !errors.Is(err, broken) || got.Services != 1 {
			t.Errorf("Clean = %+v, %v", got, err)
		}
		if diff := cmp.Diff(living, left(t, f)); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
}
