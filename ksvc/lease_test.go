package ksvc_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

var (
	leaseResource = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	// busyServer is an error that passes.
	busyServer = apierrors.NewServiceUnavailable("restarting")
)

// leaseOf is a lease that was renewed some time ago by its holder's clock.
func leaseOf(namespace, name, run string, ago time.Duration) *coordination.Lease {
	then, seconds := metav1.NewMicroTime(time.Now().Add(-ago)), int32(60)
	return &coordination.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: ksvctest.Labels(run)},
		Spec:       coordination.LeaseSpec{HolderIdentity: &run, LeaseDurationSeconds: &seconds, AcquireTime: &then, RenewTime: &then},
	}
}

// renew is what another program does that holds a lease. It meets no error that is
// meant for this one.
func renew(t *testing.T, f *ksvctest.Fakes, l *coordination.Lease, clock time.Duration) {
	t.Helper()
	now := metav1.NewMicroTime(time.Now().Add(clock))
	l = l.DeepCopy()
	l.Spec.RenewTime = &now
	if err := f.Kube.Tracker().Update(leaseResource.WithVersion("v1"), l, l.Namespace); err != nil {
		t.Fatal(err)
	}
}

// leases are those in a namespace by name, with the age of their last renewal.
func leases(t *testing.T, f *ksvctest.Fakes, namespace string) map[string]time.Duration {
	t.Helper()
	all, err := f.Kube.CoordinationV1().Leases(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: ksvc.Selector()})
	if err != nil {
		t.Fatal(err)
	}
	ages := map[string]time.Duration{}
	for _, l := range all.Items {
		ages[l.Name] = time.Since(l.Spec.RenewTime.Time)
	}
	return ages
}

// bubble runs a test in a bubble of testing/synctest.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func TestLease(t *testing.T) {
	const name = "kn-coldstart-run-1"
	hold := func(t *testing.T, f *ksvctest.Fakes) *ksvc.Lease {
		t.Helper()
		l, err := f.HoldRun(t.Context(), ksvctest.Run)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	wantRenewed := func(t *testing.T, f *ksvctest.Fakes) {
		t.Helper()
		if age, there := leases(t, f, ksvctest.Space)[name]; !there || age > 30*time.Second {
			t.Errorf("renewed %v ago, there: %v", age, there)
		}
	}
	release := func(t *testing.T, f *ksvctest.Fakes, l *ksvc.Lease) {
		t.Helper()
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if got := leases(t, f, ksvctest.Space); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	}
	bubble(t, "is renewed until it is released", func(t *testing.T) {
		f := ksvctest.NewFakes()
		l := hold(t, f)
		time.Sleep(time.Hour)
		wantRenewed(t, f)
		release(t, f, l)
		release(t, f, l)
	})
	bubble(t, "outlasts a server that is away", func(t *testing.T) {
		f := ksvctest.NewFakes()
		ksvctest.Refuse(&f.Kube.Fake, "update", "leases", busyServer, apierrors.NewConflict(leaseResource, name, nil), busyServer)
		ksvctest.Refuse(&f.Kube.Fake, "delete", "leases", busyServer, apierrors.NewConflict(leaseResource, name, nil))
		l := hold(t, f)
		time.Sleep(2 * time.Minute)
		wantRenewed(t, f)
		release(t, f, l)
	})
	bubble(t, "comes back if somebody deletes it", func(t *testing.T) {
		f := ksvctest.NewFakes()
		l := hold(t, f)
		if err := f.Kube.CoordinationV1().Leases(ksvctest.Space).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		wantRenewed(t, f)
		release(t, f, l)
	})
	bubble(t, "is released by a run that was interrupted", func(t *testing.T) {
		f := ksvctest.NewFakes()
		l := hold(t, f)
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		if err := l.Release(ctx); err != nil || len(leases(t, f, ksvctest.Space)) != 0 {
			t.Errorf("Release = %v, left %v", err, leases(t, f, ksvctest.Space))
		}
	})
	bubble(t, "is not ours if another run took it", func(t *testing.T) {
		f := ksvctest.NewFakes()
		ksvctest.Refuse(&f.Kube.Fake, "update", "leases", apierrors.NewConflict(leaseResource, name, nil))
		l := hold(t, f)
		renew(t, f, leaseOf(ksvctest.Space, name, "other", 0), 0)
		time.Sleep(10 * time.Minute)
		if err := l.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if age, there := leases(t, f, ksvctest.Space)[name]; !there || age < 10*time.Minute {
			t.Errorf("renewed %v ago, there: %v, want it left as it is", age, there)
		}
	})
	bubble(t, "without permission", func(t *testing.T) {
		f := ksvctest.NewFakes()
		ksvctest.Refuse(&f.Kube.Fake, "create", "leases", apierrors.NewForbidden(leaseResource, name, nil))
		if _, err := f.HoldRun(t.Context(), ksvctest.Run); !apierrors.IsForbidden(err) || ksvc.Hint(err) == "" {
			t.Errorf("HoldRun = %v", err)
		}
	})
}

// queued is a run that waits for its turn to be traced.
func queued(t *testing.T, f *ksvctest.Fakes) (waitedFor []string, waited time.Duration) {
	t.Helper()
	began := time.Now()
	l, err := f.HoldTracing(t.Context(), ksvctest.Run, func(run string) { waitedFor = append(waitedFor, run) })
	if err != nil {
		t.Fatal(err)
	}
	waited = time.Since(began)
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	return waitedFor, waited
}

func TestRunsTakeTurnsBeingTraced(t *testing.T) {
	bubble(t, "nobody else", func(t *testing.T) {
		if names, waited := queued(t, ksvctest.NewFakes()); len(names) != 0 || waited != 0 {
			t.Errorf("waited %v for %v", waited, names)
		}
	})
	bubble(t, "a run that ends", func(t *testing.T) {
		f := ksvctest.NewFakes()
		l, err := f.HoldTracing(t.Context(), "first", func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Minute, func() { _ = l.Release(context.Background()) })
		names, waited := queued(t, f)
		if !slices.Equal(names, []string{"first"}) || waited < 5*time.Minute || waited > 5*time.Minute+5*time.Second {
			t.Errorf("waited %v for %v", waited, names)
		}
	})
	bubble(t, "a dead run", func(t *testing.T) {
		f := ksvctest.NewFakes(leaseOf(ksvc.SystemNamespace, ksvc.TracingLease, "dead", time.Hour))
		if names, waited := queued(t, f); !slices.Equal(names, []string{"dead"}) || waited > time.Minute {
			t.Errorf("waited %v for %v", waited, names)
		}
	})
	bubble(t, "a dead run that two others wait for", func(t *testing.T) {
		f := ksvctest.NewFakes(leaseOf(ksvc.SystemNamespace, ksvc.TracingLease, "dead", time.Hour))
		ksvctest.Refuse(&f.Kube.Fake, "update", "leases", apierrors.NewConflict(leaseResource, ksvc.TracingLease, nil))
		if names, waited := queued(t, f); !slices.Equal(names, []string{"dead"}) || waited > time.Minute {
			t.Errorf("waited %v for %v", waited, names)
		}
	})
	bubble(t, "a run whose clock is slow", func(t *testing.T) {
		l := leaseOf(ksvc.SystemNamespace, ksvc.TracingLease, "slow", time.Hour)
		f := ksvctest.NewFakes(l)
		go func() {
			for range 40 { // ten minutes, then it is killed
				renew(t, f, l, -time.Hour)
				time.Sleep(15 * time.Second)
			}
		}()
		if names, waited := queued(t, f); !slices.Equal(names, []string{"slow"}) || waited < 10*time.Minute || waited > 11*time.Minute {
			t.Errorf("waited %v for %v", waited, names)
		}
	})
	bubble(t, "Ctrl-C", func(t *testing.T) {
		f := ksvctest.NewFakes()
		first, err := f.HoldTracing(t.Context(), "first", func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
		defer interrupt()
		if _, err := f.HoldTracing(ctx, "second", func(string) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("HoldTracing = %v", err)
		}
		if err := first.Release(t.Context()); err != nil || len(leases(t, f, ksvc.SystemNamespace)) != 0 {
			t.Errorf("Release = %v, left %v", err, leases(t, f, ksvc.SystemNamespace))
		}
	})
	bubble(t, "a run that never ends", func(t *testing.T) {
		f := ksvctest.NewFakes()
		first, err := f.HoldTracing(t.Context(), "first", func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		var late *ksvc.TimeoutError
		if _, err := f.HoldTracing(t.Context(), "second", func(string) {}); !errors.As(err, &late) || late.Last != "run first holds it" {
			t.Errorf("HoldTracing = %v", err)
		}
		if err := first.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
