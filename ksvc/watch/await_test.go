package watch

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
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
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
		p := newPlayed(t, options{})
		p.play(ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Ready))
		p.play(ms, watch.Added, ksvctest.NewDeployment(1))
		p.play(ms, watch.Added, ksvctest.NewAutoscaler(1, true))
		p.play(ms, watch.Added, ksvctest.NewRouting(v1alpha1.SKSOperationModeServe, false))
		time.Sleep(time.Second)
		result := inBackground(func() error { return p.AwaitZero(t.Context(), ksvctest.Target) })

		steps := []struct {
			name string
			play func()
		}{
			{"pod Terminating", func() {
				p.play(p.clock.Now(), watch.Modified, ksvctest.NewPod("u1", ksvctest.Ready, ksvctest.Terminating))
			}},
			{"deployment at zero", func() { p.play(p.clock.Now(), watch.Modified, ksvctest.NewDeployment(0)) }},
			{"pod gone", func() { p.play(p.clock.Now(), watch.Deleted, ksvctest.NewPod("u1")) }},
			{"proxied, not yet to the activator", func() {
				p.play(p.clock.Now(), watch.Modified, ksvctest.NewRouting(v1alpha1.SKSOperationModeProxy, false))
			}},
			{"watch down", func() { p.Down(feed.Pods, p.clock.Now(), errBroken) }},
			{"activator routed", func() {
				p.play(p.clock.Now(), watch.Modified, ksvctest.NewRouting(v1alpha1.SKSOperationModeProxy, true))
			}},
			{"autoscaler inactive", func() { p.play(p.clock.Now(), watch.Modified, ksvctest.NewAutoscaler(0, false)) }},
		}
		for _, s := range steps {
			s.play()
			if err, done := result(); done {
				t.Fatalf("after %q AwaitZero returned %v, want it to wait on", s.name, err)
			}
		}
		p.Up(feed.Pods, p.clock.Now())
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
		{"a pod", func(p *played) {
			p.zero(ms)
			p.play(ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Terminating))
		}, "1 pods exist: " + ksvctest.Pod + " (Terminating)"},
		{"replicas", func(p *played) { p.zero(ms); p.play(ms, watch.Modified, ksvctest.NewDeployment(2)) }, "its deployment asks for 2 pods"},
		{"mode", func(p *played) {
			p.zero(ms)
			p.play(ms, watch.Modified, ksvctest.NewRouting(v1alpha1.SKSOperationModeServe, true))
		}, "mode Serve, not Proxy"},
		{"active", func(p *played) { p.zero(ms); p.play(ms, watch.Modified, ksvctest.NewAutoscaler(1, true)) }, "its autoscaler is active"},
		{"watch down", func(p *played) { p.zero(ms); p.Down(feed.Routing, ms, errBroken) }, "watch of serverlessservices is down since 1ms"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlayed(t, options{Patience: record.Patience{Zero: time.Minute}})
				test.play(p)
				time.Sleep(time.Second)
				err := p.AwaitZero(t.Context(), ksvctest.Target)
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
		p := newPlayed(t, options{})
		ctx, cancel := context.WithCancel(t.Context())
		result := inBackground(func() error { return p.AwaitZero(ctx, ksvctest.Target) })
		cancel()
		if err, done := result(); !done || !errors.Is(err, context.Canceled) {
			t.Errorf("AwaitZero = %v, want canceled", err)
		}
	})
}

func TestAwaitReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, options{})
		p.zero(ms)
		p.play(ms, watch.Added, ksvctest.NewService(corev1.ConditionFalse, "Conflict", "passing"))
		type ready struct {
			record.Target
			error
		}
		result := inBackground(func() ready { r, err := p.AwaitReady(t.Context(), ksvctest.Service); return ready{r, err} })
		time.Sleep(time.Second) // a False that does not last is not a failure
		p.play(p.clock.Now(), watch.Modified, ksvctest.NewService(corev1.ConditionTrue, "", ""))
		got, done := result()
		if !done || got.error != nil {
			t.Fatalf("AwaitReady = %v, done %v", got.error, done)
		}
		want := record.Target{
			RuntimeClass: "runc", Namespace: ksvctest.Space, Service: ksvctest.Service, Revision: ksvctest.Revision,
			Host: "h-1.bench.example.com", Path: "/",
		}
		if diff := cmp.Diff(want, got.Target); diff != "" {
			t.Errorf("target (-want +got):\n%s", diff)
		}
	})
}

func TestAwaitReadyFailsFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayed(t, options{})
		began := time.Now()
		p.play(ms, watch.Added, ksvctest.NewService(corev1.ConditionFalse, "RevisionFailed", `Unable to fetch image "x": not found`))
		_, err := p.AwaitReady(t.Context(), ksvctest.Service)
		want := `wait for service bench/h-1 to be ready: Ready is False: RevisionFailed: Unable to fetch image "x": not found`
		if err == nil || err.Error() != want {
			t.Fatalf("AwaitReady = %v, want %s", err, want)
		}
		if waited := time.Since(began); waited > defaultFailAfter+time.Second {
			t.Errorf("it took %v, want %v", waited, defaultFailAfter)
		}
		if !strings.Contains(ksvc.Hint(err), "registries-skipping-tag-resolving") {
			t.Errorf("hint = %q, want one about the image", ksvc.Hint(err))
		}
	})
}

func TestAwaitTrouble(t *testing.T) {
	crashing := ksvctest.Container(corev1.ContainerStatus{
		Name:                 "user-container",
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}},
	})
	blocked := ksvctest.NewDeployment(1)
	blocked.Status.Conditions = []appsv1.DeploymentCondition{{
		Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "exceeded quota: pods=10",
	}}
	tests := []struct {
		name string
		play []runtime.Object
		want string
		hint string
	}{
		{"exits", []runtime.Object{ksvctest.NewPod("u1", ksvctest.Scheduled, crashing)}, "CrashLoopBackOff, exit code 3", "$PORT"},
		{
			"unknown handler",
			[]runtime.Object{ksvctest.NewPod("u1", ksvctest.Scheduled), ksvctest.NewPodEvent("u1", corev1.EventTypeWarning, "FailedCreatePodSandBox", `no runtime for "kata" is configured`, "")},
			`FailedCreatePodSandBox: no runtime for "kata" is configured`, "containerd",
		},
		{"quota", []runtime.Object{blocked}, "no pod can be created: FailedCreate: exceeded quota", "ResourceQuota"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlayed(t, options{})
				p.zero(ms)
				result := inBackground(func() error { return p.AwaitTrouble(t.Context(), ksvctest.Target) })
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
				if !strings.Contains(ksvc.Hint(err), test.hint) {
					t.Errorf("hint = %q, want one about %s", ksvc.Hint(err), test.hint)
				}
			})
		})
	}
}

func TestAwaitTroubleWithoutTrouble(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newPlayed(t, options{}).AwaitTrouble(ctx, ksvctest.Target); err != nil {
		t.Errorf("AwaitTrouble = %v, want nil when its context ends", err)
	}
}

func TestInstancesAndEvents(t *testing.T) {
	var told []string
	p := newPlayedTo(t, options{}, func(e record.Event) { told = append(told, string(e.Kind)+" "+e.UID) })
	p.play(1*ms, watch.Added, ksvctest.NewPod("u1"))
	p.play(2*ms, watch.Added, ksvctest.NewPod("u2"))
	p.play(3*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Ready))
	p.play(4*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Ready)) // nothing new
	p.play(5*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Ready, ksvctest.Terminating))
	p.play(6*ms, watch.Deleted, ksvctest.NewPod("u1"))
	p.play(7*ms, watch.Added, ksvctest.NewPod("u3"))
	p.list(9*ms, 8*ms, feed.Pods, ksvctest.NewPod("u3")) // u2 went in the gap
	want := record.InstanceCount{Spawned: 3, Alive: 1}
	for _, class := range []record.Key{{}, {RuntimeClass: "runc"}, {RuntimeClass: "runc", Services: 5}} {
		if diff := cmp.Diff(want, p.Instances(class)); diff != "" {
			t.Errorf("Instances(%v) (-want +got):\n%s", class, diff)
		}
	}
	if got := p.Instances(record.Key{RuntimeClass: "runc", Variant: "b"}); got != (record.InstanceCount{}) {
		t.Errorf("instances of another variant: %+v", got)
	}
	if got := p.ImageID(ksvctest.Service); got != "registry/image@sha256:1" {
		t.Errorf("ImageID = %q", got)
	}
	p.Stop()
	events := []string{
		"instanceCreated u1", "instanceCreated u2", "instanceRunning u1", "instanceReady u1", "instanceUnready u1", "instanceGone u1", "instanceCreated u3", "instanceGone u2",
	}
	if diff := cmp.Diff(events, told); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestStartSeesWhatHappensAfterwards(t *testing.T) {
	f := ksvctest.NewFakes(ksvctest.NewPod("u0"), ksvctest.NewDeployment(0), ksvctest.NewAutoscaler(0, false), ksvctest.NewRouting(v1alpha1.SKSOperationModeProxy, true))
	w, err := Start(t.Context(), f.Client, ksvctest.Run, record.NewClock(), record.Patience{Zero: 10 * time.Second}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if got := w.Instances(record.Key{}); got.Alive != 1 {
		t.Fatalf("Alive = %d, want the pod that was there", got.Alive)
	}
	if err := f.Kube.CoreV1().Pods(ksvctest.Space).Delete(t.Context(), ksvctest.Pod, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.AwaitZero(t.Context(), ksvctest.Target); err != nil {
		t.Error(err)
	}
}

func TestStartFailsWhereItMayNot(t *testing.T) {
	f := ksvctest.NewFakes()
	ksvctest.Refuse(&f.Kube.Fake, "list", "pods", errors.New("pods is forbidden"))
	_, err := Start(t.Context(), f.Client, ksvctest.Run, record.NewClock(), record.Patience{}, nil)
	if err == nil || err.Error() != "watch namespace bench: list pods: pods is forbidden" {
		t.Errorf("Start = %v, want list pods: forbidden", err)
	}
}

// An API server that has answered before, and is silent when it is asked for a list.
func TestStartGivesUpOnASilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := ksvctest.NewFakes()
		quiet := silentPods{f.Kube, make(chan struct{})}
		defer close(quiet.end)
		f.Kubernetes = quiet
		began := time.Now()
		_, err := Start(t.Context(), f.Client, ksvctest.Run, record.NewClock(), record.Patience{}, nil)
		if want := "watch namespace bench: watch pods: not open within 20s"; err == nil || err.Error() != want {
			t.Errorf("Start = %v, want %s", err, want)
		}
		if waited := time.Since(began); waited != armLimit {
			t.Errorf("it took %v, want %v", waited, armLimit)
		}
	})
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

// silentPods is a clientset whose pods are never listed.
type silentPods struct {
	kubernetes.Interface
	end chan struct{}
}

func (s silentPods) CoreV1() typedcorev1.CoreV1Interface {
	return silentCore{s.Interface.CoreV1(), s.end}
}

type silentCore struct {
	typedcorev1.CoreV1Interface
	end chan struct{}
}

func (s silentCore) Pods(namespace string) typedcorev1.PodInterface {
	return silentLister{s.CoreV1Interface.Pods(namespace), s.end}
}

type silentLister struct {
	typedcorev1.PodInterface
	end chan struct{}
}

func (s silentLister) List(ctx context.Context, _ metav1.ListOptions) (*corev1.PodList, error) {
	select {
	case <-ctx.Done():
	case <-s.end:
	}
	return nil, ctx.Err()
}
