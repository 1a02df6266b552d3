package ksvc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	clienttesting "k8s.io/client-go/testing"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// inBackground runs f and returns what it returned once it is done.
func inBackground[T any](f func() T) func() (T, bool) {
	done := make(chan T, 1)
	go func() { done <- f() }()
	return func() (T, bool) {
		synctest.Wait()
		select {
		case v := <-done:
			return v, true
		default:
			var none T
			return none, false
		}
	}
}

func TestAwaitZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, WatchOptions{})
		p.play(ms, watch.Added, newPod("u1", ready))
		p.play(ms, watch.Added, newDeployment(1))
		p.play(ms, watch.Added, newAutoscaler(1, true))
		p.play(ms, watch.Added, newRouting(v1alpha1.SKSOperationModeServe, false))
		time.Sleep(time.Second)
		result := inBackground(func() error { return p.AwaitZero(t.Context(), testTarget) })

		steps := []struct {
			name string
			play func()
		}{
			{"pod Terminating", func() { p.play(p.clock.Now(), watch.Modified, newPod("u1", ready, terminating)) }},
			{"deployment at zero", func() { p.play(p.clock.Now(), watch.Modified, newDeployment(0)) }},
			{"pod gone", func() { p.play(p.clock.Now(), watch.Deleted, newPod("u1")) }},
			{"proxied, not yet to the activator", func() {
				p.play(p.clock.Now(), watch.Modified, newRouting(v1alpha1.SKSOperationModeProxy, false))
			}},
			{"watch down", func() { p.streamDown(watchedPods, p.clock.Now(), errClosed) }},
			{"activator routed", func() {
				p.play(p.clock.Now(), watch.Modified, newRouting(v1alpha1.SKSOperationModeProxy, true))
			}},
			{"autoscaler inactive", func() { p.play(p.clock.Now(), watch.Modified, newAutoscaler(0, false)) }},
		}
		for _, s := range steps {
			s.play()
			if err, done := result(); done {
				t.Fatalf("after %q AwaitZero returned %v, want it to wait on", s.name, err)
			}
		}
		p.streamUp(watchedPods, p.clock.Now())
		if err, done := result(); !done || err != nil {
			t.Fatalf("AwaitZero = %v, done %v, want nil and done", err, done)
		}
	})
}

func TestAwaitZeroNamesWhatIsMissing(t *testing.T) {
	tests := []struct {
		name string
		play func(*played)
		want string
	}{
		{"nothing seen", func(*played) {}, "its deployment was not seen"},
		{"a pod", func(p *played) { p.zero(ms); p.play(ms, watch.Added, newPod("u1", scheduled, terminating)) }, "1 pods exist: " + testPod + " (Terminating)"},
		{"replicas", func(p *played) { p.zero(ms); p.play(ms, watch.Modified, newDeployment(2)) }, "its deployment asks for 2 pods"},
		{"mode", func(p *played) {
			p.zero(ms)
			p.play(ms, watch.Modified, newRouting(v1alpha1.SKSOperationModeServe, true))
		}, "mode Serve, not Proxy"},
		{"active", func(p *played) { p.zero(ms); p.play(ms, watch.Modified, newAutoscaler(1, true)) }, "its autoscaler is active"},
		{"watch down", func(p *played) { p.zero(ms); p.streamDown(watchedRouting, ms, errClosed) }, "watch of serverlessservices is down since 1ms"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlayed(t, WatchOptions{ZeroTimeout: time.Minute})
				test.play(p)
				time.Sleep(time.Second)
				err := p.AwaitZero(t.Context(), testTarget)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("AwaitZero = %v, want it to name %q", err, test.want)
				}
				if !strings.HasPrefix(err.Error(), "wait for service bench/h-1 to scale to zero: not after 1m0s, last seen: ") {
					t.Errorf("AwaitZero = %v, want what was awaited, and for how long", err)
				}
			})
		})
	}
}

func TestAwaitZeroEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, WatchOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		result := inBackground(func() error { return p.AwaitZero(ctx, testTarget) })
		cancel()
		if err, done := result(); !done || !errors.Is(err, context.Canceled) {
			t.Errorf("AwaitZero = %v, want canceled", err)
		}
	})
}

func TestAwaitReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, WatchOptions{})
		p.zero(ms)
		p.play(ms, watch.Added, newServiceObject(corev1.ConditionFalse, "Conflict", "passing"))
		type ready struct {
			record.Target
			error
		}
		result := inBackground(func() ready { r, err := p.AwaitReady(t.Context(), testService); return ready{r, err} })
		time.Sleep(time.Second) // a False that does not last is not a failure
		p.play(p.clock.Now(), watch.Modified, newServiceObject(corev1.ConditionTrue, "", ""))
		got, done := result()
		if !done || got.error != nil {
			t.Fatalf("AwaitReady = %v, done %v", got.error, done)
		}
		want := record.Target{
			RuntimeClass: "runc", Namespace: testSpace, Service: testService, Revision: testRevision,
			Host: "h-1.bench.example.com", Path: "/",
		}
		if diff := cmp.Diff(want, got.Target); diff != "" {
			t.Errorf("target (-want +got):\n%s", diff)
		}
	})
}

func TestAwaitReadyFailsFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, WatchOptions{})
		began := time.Now()
		p.play(ms, watch.Added, newServiceObject(corev1.ConditionFalse, "RevisionFailed", `Unable to fetch image "x": not found`))
		_, err := p.AwaitReady(t.Context(), testService)
		want := `wait for service bench/h-1 to be ready: Ready is False: RevisionFailed: Unable to fetch image "x": not found`
		if err == nil || err.Error() != want {
			t.Fatalf("AwaitReady = %v, want %s", err, want)
		}
		if waited := time.Since(began); waited > defaultFailAfter+time.Second {
			t.Errorf("it took %v, want %v", waited, defaultFailAfter)
		}
		if !strings.Contains(Hint(err), "registries-skipping-tag-resolving") {
			t.Errorf("hint = %q, want one about the image", Hint(err))
		}
	})
}

func TestAwaitTrouble(t *testing.T) {
	crashing := container(corev1.ContainerStatus{
		Name:                 "user-container",
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}},
	})
	blocked := newDeployment(1)
	blocked.Status.Conditions = []appsv1.DeploymentCondition{{
		Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "exceeded quota: pods=10",
	}}
	tests := []struct {
		name string
		play []runtime.Object
		want string
		hint string
	}{
		{"exits", []runtime.Object{newPod("u1", scheduled, crashing)}, "CrashLoopBackOff, exit code 3", "$PORT"},
		{
			"unknown handler",
			[]runtime.Object{newPod("u1", scheduled), newPodEvent("u1", corev1.EventTypeWarning, "FailedCreatePodSandBox", `no runtime for "kata" is configured`, "")},
			`FailedCreatePodSandBox: no runtime for "kata" is configured`, "containerd",
		},
		{"quota", []runtime.Object{blocked}, "no pod can be created: FailedCreate: exceeded quota", "ResourceQuota"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlayed(t, WatchOptions{})
				p.zero(ms)
				result := inBackground(func() error { return p.AwaitTrouble(t.Context(), testTarget) })
				if err, done := result(); done {
					t.Fatalf("AwaitTrouble = %v before there was any", err)
				}
				for _, o := range test.play {
					p.play(p.clock.Now(), watch.Added, o)
				}
				err, done := result()
				if !done || err == nil || !strings.Contains(err.Error(), test.want) {
					t.Fatalf("AwaitTrouble = %v, want %q", err, test.want)
				}
				if !strings.Contains(Hint(err), test.hint) {
					t.Errorf("hint = %q, want one about %s", Hint(err), test.hint)
				}
				if text, _ := p.Diagnose(testTarget); !strings.Contains(text, test.want) {
					t.Errorf("Diagnose = %q, want %q", text, test.want)
				}
			})
		})
	}
}

func TestAwaitTroubleWithoutTrouble(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newPlayed(t, WatchOptions{}).AwaitTrouble(ctx, testTarget); err != nil {
		t.Errorf("AwaitTrouble = %v, want nil when its context ends", err)
	}
}

func TestInstancesAndEvents(t *testing.T) {
	var told []string
	p := newPlayed(t, WatchOptions{OnEvent: func(e record.Event) { told = append(told, string(e.Kind)+" "+e.UID) }})
	p.play(1*ms, watch.Added, newPod("u1"))
	p.play(2*ms, watch.Added, newPod("u2"))
	p.play(3*ms, watch.Modified, newPod("u1", ready))
	p.play(4*ms, watch.Modified, newPod("u1", ready)) // nothing new
	p.play(5*ms, watch.Modified, newPod("u1", ready, terminating))
	p.play(6*ms, watch.Deleted, newPod("u1"))
	p.play(7*ms, watch.Added, newPod("u3"))
	p.list(9*ms, 8*ms, watchedPods, newPod("u3")) // u2 went in the gap
	want := Instances{Spawned: 3, Alive: 1, PeakAlive: 2, PeakReady: 1}
	for _, class := range []string{"", "runc"} {
		if diff := cmp.Diff(want, p.Instances(class)); diff != "" {
			t.Errorf("Instances(%q) (-want +got):\n%s", class, diff)
		}
	}
	if got := p.ImageID(testService); got != "registry/image@sha256:1" {
		t.Errorf("ImageID = %q", got)
	}
	p.ResetPeaks()
	if diff := cmp.Diff(Instances{Alive: 1, PeakAlive: 1}, p.Instances("runc")); diff != "" {
		t.Errorf("after ResetPeaks (-want +got):\n%s", diff)
	}
	p.Stop()
	events := []string{
		"instanceCreated u1", "instanceCreated u2", "instanceRunning u1", "instanceReady u1", "instanceGone u1", "instanceCreated u3", "instanceGone u2",
	}
	if diff := cmp.Diff(events, told); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestStartWatchSeesWhatHappensAfterwards(t *testing.T) {
	f := newFakes(newPod("u0"), newDeployment(0), newAutoscaler(0, false), newRouting(v1alpha1.SKSOperationModeProxy, true))
	w, err := f.StartWatch(t.Context(), testRun, record.NewClock(), WatchOptions{ZeroTimeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if got := w.Instances(""); got.Alive != 1 {
		t.Fatalf("Alive = %d, want the pod that was there", got.Alive)
	}
	if err := f.kube.CoreV1().Pods(testSpace).Delete(t.Context(), testPod, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.AwaitZero(t.Context(), testTarget); err != nil {
		t.Error(err)
	}
}

func TestStartWatchFailsWhereItMayNot(t *testing.T) {
	f := newFakes()
	f.kube.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("pods is forbidden")
	})
	_, err := f.StartWatch(t.Context(), testRun, record.NewClock(), WatchOptions{})
	if err == nil || err.Error() != "watch namespace bench: list pods: pods is forbidden" {
		t.Errorf("StartWatch = %v, want list pods: forbidden", err)
	}
}

func TestRevisionForgetsOldPods(t *testing.T) {
	r := &revision{}
	for i := range 40 {
		at := time.Duration(i+1) * time.Second
		r.pods = append(r.pods, &pod{seen: at, gone: at + ms})
		r.trim()
	}
	r.pods = append(r.pods, &pod{seen: time.Minute})
	r.trim()
	if len(r.pods) != pastPods+1 || r.pods[0].seen != 25*time.Second {
		t.Errorf("%d pods from %v on, want %d from 25s on", len(r.pods), r.pods[0].seen, pastPods+1)
	}
}

func TestChanges(t *testing.T) {
	var c changes
	for i, v := range []int32{0, 0, 1, 1, 0} {
		c.add(v, record.Phase{At: time.Duration(i) * time.Second}, time.Duration(i)*time.Second)
	}
	if len(c) != 3 {
		t.Errorf("%d changes, want 3", len(c))
	}
	if v, known := c.at(2500 * ms); !known || v != 1 {
		t.Errorf("at(2.5s) = %d, %v, want 1", v, known)
	}
	if _, known := c.at(-1); known {
		t.Error("a value is known before the first change")
	}
	if p, found := c.raised(0); !found || p.At != 2*time.Second {
		t.Errorf("raised(0) = %v, want at 2s", p.At)
	}
	if _, found := c.raised(3 * time.Second); found {
		t.Error("raised(3s) found a change, want none")
	}
}
