package watch

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// spec is a container as it stands in a pod, with a port by name and with variables.
func spec(name, port string, env ...string) corev1.Container {
	c := corev1.Container{Name: name}
	if port != "" {
		c.Ports = []corev1.ContainerPort{{Name: port, ContainerPort: 8080}}
	}
	for i := 0; i < len(env); i += 2 {
		c.Env = append(c.Env, corev1.EnvVar{Name: env[i], Value: env[i+1]})
	}
	return c
}

func TestServingContainer(t *testing.T) {
	queue := spec(queueProxy, "queue-port", "USER_PORT", "8080")
	tests := []struct {
		name       string
		containers []corev1.Container
		want       string
	}{
		{"one container", []corev1.Container{spec("user-container", servingv1.UserPortName), queue}, "user-container"},
		{"named by its user", []corev1.Container{spec("web", servingv1.UserPortName), spec("cache", ""), queue}, "web"},
		{"sidecar injected before it", []corev1.Container{spec("istio-proxy", "http-envoy-prom"), spec("user-container-0", servingv1.UserPortName), queue}, "user-container-0"},
		{"port named otherwise, told by PORT", []corev1.Container{spec("istio-proxy", "x"), spec("fn", "http1", "PORT", "8080"), queue}, "fn"},
		{"another PORT", []corev1.Container{spec("fn", "http1", "PORT", "9090"), queue}, ""},
		{"two that could be it", []corev1.Container{spec("a", "x", "PORT", "8080"), spec("b", "y", "PORT", "8080"), queue}, ""},
		{"nothing to tell by", []corev1.Container{spec("a", ""), queue}, ""},
		{"no queue-proxy that tells the port", []corev1.Container{spec("a", "", "PORT", "8080")}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := &corev1.Pod{Spec: corev1.PodSpec{Containers: test.containers, InitContainers: []corev1.Container{spec("init", servingv1.UserPortName)}}}
			if got := servingContainer(o); got != test.want {
				t.Errorf("servingContainer = %q, want %q", got, test.want)
			}
		})
	}
}

// withOthers adds an injected sidecar and an init container to a pod. Both were
// started and have images.
func withOthers(p *corev1.Pod) {
	p.Spec.Containers = append(p.Spec.Containers, spec("istio-proxy", "http-envoy-prom"))
	p.Spec.InitContainers = append(p.Spec.InitContainers, spec("setup", ""))
	started := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	p.Status.ContainerStatuses = append(p.Status.ContainerStatuses,
		corev1.ContainerStatus{Name: "istio-proxy", ImageID: "istio@sha256:2", State: started})
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "setup", ImageID: "setup@sha256:3", State: started}}
}

func withoutServing(p *corev1.Pod) { p.Spec.Containers = []corev1.Container{{Name: "a"}, {Name: "b"}} }

func TestOnlyTheServingContainerCounts(t *testing.T) {
	event := func(path string) *corev1.Event {
		e := ksvctest.NewPodEvent("u1", corev1.EventTypeNormal, "Started", "", "")
		e.InvolvedObject.FieldPath = path
		return e
	}
	tests := []struct {
		name  string
		play  func(*played)
		at    time.Duration // of containersStarted, zero where it is left out
		image string
	}{
		{"others start first", func(p *played) {
			p.play(10200*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, withOthers))
			p.play(10300*ms, watch.Added, event("spec.initContainers{setup}"))
			p.play(10400*ms, watch.Added, event("spec.containers{istio-proxy}"))
			p.play(10700*ms, watch.Added, event("spec.containers{user-container}"))
			p.play(10900*ms, watch.Modified, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Ready, withOthers))
		}, 10700 * ms, "registry/image@sha256:1"},
		{"only others started", func(p *played) {
			p.play(10200*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, withOthers))
			p.play(10300*ms, watch.Added, event("spec.initContainers{user-container}"))
		}, 0, ""},
		{"which one serves is not known", func(p *played) {
			p.play(10200*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, ksvctest.Ready, withoutServing))
			p.play(10300*ms, watch.Added, event("spec.containers{a}"))
		}, 0, ""},
		{"its event comes before the pod", func(p *played) {
			p.play(10100*ms, watch.Added, event("spec.containers{istio-proxy}"))
			p.play(10150*ms, watch.Added, event("spec.containers{user-container}"))
			p.play(10200*ms, watch.Added, ksvctest.NewPod("u1", ksvctest.Scheduled, withOthers))
		}, 10150 * ms, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlayed(t, options{catchUp: ms})
			p.zero(time.Second)
			test.play(p)
			s := answered(ksvctest.Pod, 1)
			if err := p.Prove(t.Context(), ksvctest.Target, &s); err != nil {
				t.Fatal(err)
			}
			if got, _ := tightest(s.Phases, record.PhaseContainersStarted); got.At != test.at {
				t.Errorf("containersStarted at %v by %s, want %v", got.At, got.Source, test.at)
			}
			if got := p.ImageID(ksvctest.Service); got != test.image {
				t.Errorf("image %q, want %q", got, test.image)
			}
		})
	}
}
