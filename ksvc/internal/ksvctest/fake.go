// Package ksvctest has what the tests of ksvc and the packages below it share: fake
// clientsets, and the objects that one small service consists of.
package ksvctest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	networkingfake "knative.dev/networking/pkg/client/clientset/versioned/fake"
	"knative.dev/pkg/apis"
	duckv1 "knative.dev/pkg/apis/duck/v1"
	autoscaling "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	"knative.dev/serving/pkg/apis/serving"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	servingfake "knative.dev/serving/pkg/client/clientset/versioned/fake"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// Names of the one service.
const (
	Run      = "run-1"
	Space    = "bench"
	Service  = "h-1"
	Revision = "h-1-00001"
	Pod      = "h-1-00001-deployment-abc-x"
)

// Target is the service, ready to be fired at.
var Target = record.Target{RuntimeClass: "runc", Namespace: Space, Service: Service, Revision: Revision}

// Fakes are the generated fake clientsets behind a Client.
type Fakes struct {
	*ksvc.Client
	Kube       *kubefake.Clientset
	Serving    *servingfake.Clientset
	Networking *networkingfake.Clientset
}

// NewFakes makes a client over fakes that hold the given objects.
func NewFakes(objects ...runtime.Object) *Fakes {
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
	f := &Fakes{
		Kube:       kubefake.NewSimpleClientset(kube...),
		Serving:    servingfake.NewSimpleClientset(knative...),
		Networking: networkingfake.NewSimpleClientset(net...),
	}
	f.Client = &ksvc.Client{Kubernetes: f.Kube, Serving: f.Serving, Networking: f.Networking, Namespace: Space, Server: "https://fake"}
	return f
}

// Refuse makes the first requests of a verb fail, one with each of errs. A nil error
// lets one pass.
func Refuse(fake *clienttesting.Fake, verb, resource string, errs ...error) {
	fake.PrependReactor(verb, resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		if len(errs) == 0 {
			return false, nil, nil
		}
		err := errs[0]
		errs = errs[1:]
		return err != nil, nil, err
	})
}

// Silent is a client of an API server that takes packets and never answers. It is for
// the bubbles of testing/synctest.
func Silent(t *testing.T) *ksvc.Client {
	t.Helper()
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	c, err := ksvc.NewClient(&rest.Config{Host: "https://silent", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		select {
		case <-ctx.Done():
		case <-end:
		}
		return nil, errors.New("no connection")
	}}, Space)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Kubeconfig writes a kubeconfig of two contexts, the first with a namespace.
func Kubeconfig(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: one
clusters: [{name: c, cluster: {server: %q}}]
users: [{name: u, user: {token: t}}]
contexts:
- {name: one, context: {cluster: c, user: u, namespace: from-context}}
- {name: two, context: {cluster: c, user: u}}
`, server)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Listen opens a port on which nothing is said.
func Listen(t *testing.T) (address string, port int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), int32(l.Addr().(*net.TCPAddr).Port)
}

// NewConfigMap is one of Knative's.
func NewConfigMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ksvc.SystemNamespace}, Data: data}
}

// NewActivator is the activator's deployment, rolled out.
func NewActivator() *appsv1.Deployment {
	one := int32(1)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: ksvc.Activator, Namespace: ksvc.SystemNamespace}}
	d.Spec.Replicas = &one
	d.Status = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}
	return d
}

// Labels are those of what belongs to a service of a run.
func Labels(run string) map[string]string {
	return map[string]string{ksvc.LabelManagedBy: ksvc.ManagedBy, ksvc.LabelRun: run, ksvc.LabelRuntimeClass: "runc"}
}

// Meta is that of an object that belongs to the one service.
func Meta(name string) metav1.ObjectMeta {
	l := Labels(Run)
	l[serving.RevisionLabelKey], l[serving.ServiceLabelKey] = Revision, Service
	return metav1.ObjectMeta{Name: name, Namespace: Space, Labels: l}
}

// PodOption changes a new pod.
type PodOption func(*corev1.Pod)

// NewPod is a pod of the one service as Knative makes it.
func NewPod(uid string, options ...PodOption) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: Meta(Pod)}
	p.Spec.Containers = []corev1.Container{
		{Name: "user-container", Ports: []corev1.ContainerPort{{Name: servingv1.UserPortName, ContainerPort: 8080}}},
		{Name: "queue-proxy"},
	}
	p.UID = types.UID(uid)
	for _, o := range options {
		o(p)
	}
	return p
}

// Named gives it another name.
func Named(name string) PodOption { return func(p *corev1.Pod) { p.Name = name } }

// Scheduled gives it a node.
func Scheduled(p *corev1.Pod) {
	p.Spec.NodeName = "node-1"
	addCondition(p, corev1.PodScheduled)
}

// Sandboxed says that its sandbox stands.
func Sandboxed(p *corev1.Pod) { addCondition(p, corev1.PodReadyToStartContainers) }

// Running says that the user's container runs.
func Running(p *corev1.Pod) {
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "user-container", ImageID: "registry/image@sha256:1",
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
}

// Ready says that it runs and is Ready.
func Ready(p *corev1.Pod) {
	Running(p)
	addCondition(p, corev1.PodReady)
}

// Terminating says that it is being deleted.
func Terminating(p *corev1.Pod) {
	now := metav1.Now()
	p.DeletionTimestamp = &now
}

// Container adds a container's status.
func Container(c corev1.ContainerStatus) PodOption {
	return func(p *corev1.Pod) { p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, c) }
}

func addCondition(p *corev1.Pod, kind corev1.PodConditionType) {
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue})
}

// NewDeployment is the revision's, with a number of replicas.
func NewDeployment(replicas int32) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: Meta(Revision + "-deployment"), Spec: appsv1.DeploymentSpec{Replicas: &replicas}}
}

// NewAutoscaler is the revision's PodAutoscaler.
func NewAutoscaler(desired int32, active bool) *autoscaling.PodAutoscaler {
	a := &autoscaling.PodAutoscaler{ObjectMeta: Meta(Revision)}
	a.Status.DesiredScale = &desired
	if active {
		a.Status.MarkActive()
	} else {
		a.Status.MarkInactive("NoTraffic", "")
	}
	return a
}

// NewRouting is the revision's ServerlessService.
func NewRouting(mode v1alpha1.ServerlessServiceOperationMode, populated bool) *v1alpha1.ServerlessService {
	s := &v1alpha1.ServerlessService{ObjectMeta: Meta(Revision)}
	s.Spec.Mode = mode
	if populated {
		s.Status.MarkActivatorEndpointsPopulated()
	}
	return s
}

// NewService is the one service with a condition Ready.
func NewService(status corev1.ConditionStatus, reason, message string) *servingv1.Service {
	s := &servingv1.Service{ObjectMeta: Meta(Service)}
	s.Status.URL = &apis.URL{Scheme: "http", Host: "h-1.bench.example.com"}
	s.Status.LatestReadyRevisionName = Revision
	s.Status.Conditions = duckv1.Conditions{{Type: apis.ConditionReady, Status: status, Reason: reason, Message: message}}
	return s
}

// NewPodEvent is an event about a pod, or about one of its containers if that is named.
func NewPodEvent(uid, kind, reason, message, container string) *corev1.Event {
	e := &corev1.Event{Type: kind, Reason: reason, Message: message}
	e.InvolvedObject = corev1.ObjectReference{Kind: "Pod", UID: types.UID(uid), Namespace: Space}
	if container != "" {
		e.InvolvedObject.FieldPath = "spec.containers{" + container + "}"
	}
	return e
}
