package ksvc

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	networkingfake "knative.dev/networking/pkg/client/clientset/versioned/fake"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	autoscaling "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	servingfake "knative.dev/serving/pkg/client/clientset/versioned/fake"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

const (
	testRun      = "run-1"
	testSpace    = "bench"
	testService  = "h-1"
	testRevision = "h-1-00001"
	testPod      = "h-1-00001-deployment-abc-x"
)

var testTarget = record.Target{RuntimeClass: "runc", Namespace: testSpace, Service: testService, Revision: testRevision}

// fakes are the generated fake clientsets behind a Client.
type fakes struct {
	*Client
	kube       *kubefake.Clientset
	serving    *servingfake.Clientset
	networking *networkingfake.Clientset
}

// newFakes makes a client over fakes that hold the given objects.
func newFakes(objects ...runtime.Object) *fakes {
	var kube, knative, net []runtime.Object
	for _, o := range objects {
		switch o.(type) {
		case *servingv1.Service, *autoscaling.PodAutoscaler:
			knative = append(knative, o)
		case *v1alpha1.ServerlessService, *v1alpha1.Ingress:
			net = append(net, o)
		default:
			kube = append(kube, o)
		}
	}
	f := &fakes{
		kube:       kubefake.NewSimpleClientset(kube...),
		serving:    servingfake.NewSimpleClientset(knative...),
		networking: networkingfake.NewSimpleClientset(net...),
	}
	f.Client = &Client{Kubernetes: f.kube, Serving: f.serving, Networking: f.networking, Namespace: testSpace, Server: "https://fake"}
	return f
}

// played is a Watch that is not connected to anything: the test plays what the
// streams would deliver, at instants of its choice.
type played struct {
	*Watch
	t     *testing.T
	sinks map[string]sink
}

func newPlayed(t *testing.T, o WatchOptions) *played {
	t.Helper()
	w := newWatch(newFakes().Client, testRun, record.NewClock(), o)
	t.Cleanup(w.Stop)
	p := &played{Watch: w, t: t, sinks: map[string]sink{}}
	for _, s := range w.sources() {
		p.sinks[s.source.name] = s.sink
	}
	return p
}

func (p *played) play(at time.Duration, kind watch.EventType, o runtime.Object) {
	p.t.Helper()
	name := ""
	switch o.(type) {
	case *servingv1.Service:
		name = watchedServices
	case *corev1.Pod:
		name = watchedPods
	case *appsv1.Deployment:
		name = watchedDeployments
	case *autoscaling.PodAutoscaler:
		name = watchedAutoscalers
	case *v1alpha1.ServerlessService:
		name = watchedRouting
	case *corev1.Event:
		name = watchedEvents
	default:
		p.t.Fatalf("no stream for %T", o)
	}
	p.sinks[name].arrived(kind, o, at)
}

func (p *played) list(at, since time.Duration, name string, objects ...runtime.Object) {
	p.sinks[name].listed(objects, at, since)
}

// zero plays a revision that is at zero.
func (p *played) zero(at time.Duration) {
	p.t.Helper()
	p.play(at, watch.Added, newDeployment(0))
	p.play(at, watch.Added, newAutoscaler(0, false))
	p.play(at, watch.Added, newRouting(v1alpha1.SKSOperationModeProxy, true))
}

func testMeta(name string) metav1.ObjectMeta {
	l := runLabels(testRun, "runc")
	l[labelRevision], l[labelService] = testRevision, testService
	return metav1.ObjectMeta{Name: name, Namespace: testSpace, Labels: l}
}

type podOption func(*corev1.Pod)

func newPod(uid string, options ...podOption) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: testMeta(testPod)}
	p.UID = types.UID(uid)
	for _, o := range options {
		o(p)
	}
	return p
}

func named(name string) podOption { return func(p *corev1.Pod) { p.Name = name } }

func scheduled(p *corev1.Pod) {
	p.Spec.NodeName = "node-1"
	addCondition(p, corev1.PodScheduled)
}

func sandboxed(p *corev1.Pod) { addCondition(p, corev1.PodReadyToStartContainers) }

func running(p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "user-container", ImageID: "registry/image@sha256:1",
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
}

func ready(p *corev1.Pod) {
	running(p)
	addCondition(p, corev1.PodReady)
}

func terminating(p *corev1.Pod) {
	now := metav1.Now()
	p.DeletionTimestamp = &now
}

func container(c corev1.ContainerStatus) podOption {
	return func(p *corev1.Pod) { p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, c) }
}

func addCondition(p *corev1.Pod, kind corev1.PodConditionType) {
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue})
}

func newDeployment(replicas int32) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: testMeta(testRevision + "-deployment"), Spec: appsv1.DeploymentSpec{Replicas: &replicas}}
}

func newAutoscaler(desired int32, active bool) *autoscaling.PodAutoscaler {
	a := &autoscaling.PodAutoscaler{ObjectMeta: testMeta(testRevision)}
	a.Status.DesiredScale = &desired
	if active {
		a.Status.MarkActive()
	} else {
		a.Status.MarkInactive("NoTraffic", "")
	}
	return a
}

func newRouting(mode v1alpha1.ServerlessServiceOperationMode, populated bool) *v1alpha1.ServerlessService {
	s := &v1alpha1.ServerlessService{ObjectMeta: testMeta(testRevision)}
	s.Spec.Mode = mode
	if populated {
		s.Status.MarkActivatorEndpointsPopulated()
	}
	return s
}

func newServiceObject(status corev1.ConditionStatus, reason, message string) *servingv1.Service {
	s := &servingv1.Service{ObjectMeta: testMeta(testService)}
	s.Status.URL = &apis.URL{Scheme: "http", Host: "h-1.bench.example.com"}
	s.Status.LatestReadyRevisionName = testRevision
	s.Status.Conditions = duckv1.Conditions{{Type: apis.ConditionReady, Status: status, Reason: reason, Message: message}}
	return s
}

func newPodEvent(uid, kind, reason, message, container string) *corev1.Event {
	e := &corev1.Event{Type: kind, Reason: reason, Message: message}
	e.InvolvedObject = corev1.ObjectReference{Kind: "Pod", UID: types.UID(uid), Namespace: testSpace}
	if container != "" {
		e.InvolvedObject.FieldPath = "spec.containers{" + container + "}"
	}
	return e
}

const ms = time.Millisecond
