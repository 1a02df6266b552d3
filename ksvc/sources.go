package ksvc

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	autoscaling "knative.dev/serving/pkg/apis/autoscaling/v1alpha1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
)

// Names of the watched resource types, as the API has them.
const (
	watchedServices    = "services.serving.knative.dev"
	watchedPods        = "pods"
	watchedDeployments = "deployments"
	watchedAutoscalers = "podautoscalers"
	watchedRouting     = "serverlessservices"
	watchedEvents      = "events"
	watchedNodes       = "nodes"
	watchedComponents  = "deployments of " + systemNamespace
)

// watched is a source and where its objects go.
type watched struct {
	source source
	sink   sink
}

// lister is the part that all generated clients have in common.
type lister[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func newSource[L runtime.Object](name string, o metav1.ListOptions, client lister[L]) source {
	return source{
		name: name, selector: o, watch: client.Watch,
		list: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return client.List(ctx, o) },
	}
}

// sources are all watches of a run. Events carry no labels, so those of all pods
// of the namespace come, and are sorted by the pod's UID.
func (w *Watch) sources() []watched {
	run := metav1.ListOptions{LabelSelector: selector(w.run)}
	aboutPods := metav1.ListOptions{FieldSelector: "involvedObject.kind=Pod"}
	ns, kube := w.client.Namespace, w.client.Kubernetes
	return []watched{
		{newSource(watchedServices, run, w.client.Serving.ServingV1().Services(ns)), each(w.observeService, w.forgetService)},
		{newSource(watchedPods, run, kube.CoreV1().Pods(ns)), podSink{w}},
		{newSource(watchedDeployments, run, kube.AppsV1().Deployments(ns)), each(w.observeDeployment, nil)},
		{newSource(watchedAutoscalers, run, w.client.Serving.AutoscalingV1alpha1().PodAutoscalers(ns)), each(w.observeAutoscaler, nil)},
		{newSource(watchedRouting, run, w.client.Networking.NetworkingV1alpha1().ServerlessServices(ns)), each(w.observeRouting, nil)},
		{newSource(watchedEvents, aboutPods, kube.CoreV1().Events(ns)), eventSink{w}},
		{newSource(watchedNodes, metav1.ListOptions{}, kube.CoreV1().Nodes()), each(w.observeNode, nil)},
		{newSource(watchedComponents, metav1.ListOptions{}, kube.AppsV1().Deployments(systemNamespace)), each(w.observeComponent, nil)},
	}
}

// each is a sink that treats every object by itself.
func each[T runtime.Object](observe func(T, sighting), forget func(T)) sink {
	return eachSink[T]{observe, forget}
}

type eachSink[T runtime.Object] struct {
	observe func(T, sighting)
	forget  func(T)
}

func (s eachSink[T]) listed(objects []runtime.Object, at, since time.Duration) {
	for _, o := range objects {
		if typed, ok := o.(T); ok {
			s.observe(typed, sighting{at: at, since: since, listed: true})
		}
	}
}

func (s eachSink[T]) arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
	typed, ok := o.(T)
	switch {
	case !ok:
	case kind != watch.Deleted:
		s.observe(typed, sighting{at: at})
	case s.forget != nil:
		s.forget(typed)
	}
}

func (w *Watch) observeService(o *servingv1.Service, s sighting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.service(o.Name)
	v.observe(o, s.at)
	v.changed.fire()
}

func (w *Watch) forgetService(o *servingv1.Service) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.service(o.Name)
	v.gone, v.ready, v.condition = true, false, "deleted"
	v.changed.fire()
}

// withRevision calls do with the history of the revision that labels name.
func (w *Watch) withRevision(labels map[string]string, do func(*revision)) {
	name := labels[labelRevision]
	if name == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.revision(name)
	do(r)
	r.changed.fire()
}

func (w *Watch) observeDeployment(o *appsv1.Deployment, s sighting) {
	s.clock = w.clock
	w.withRevision(o.Labels, func(r *revision) { r.observeDeployment(o, s) })
}

func (w *Watch) observeAutoscaler(o *autoscaling.PodAutoscaler, s sighting) {
	s.clock = w.clock
	w.withRevision(o.Labels, func(r *revision) { r.observeAutoscaler(o, s) })
}

func (w *Watch) observeRouting(o *v1alpha1.ServerlessService, _ sighting) {
	w.withRevision(o.Labels, func(r *revision) { r.observeRouting(o) })
}

// podSink keeps the pods. A pod that a list no longer has went in the gap.
type podSink struct{ *Watch }

func (w podSink) listed(objects []runtime.Object, at, since time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	there := map[types.UID]bool{}
	for _, o := range objects {
		if p, ok := o.(*corev1.Pod); ok && p.Labels[labelRevision] != "" {
			there[p.UID] = true
			w.podSeen(p, sighting{at: at, since: since, listed: true, clock: w.clock})
		}
	}
	for uid, p := range w.pods {
		if !there[uid] {
			w.podGone(p, at)
		}
	}
}

func (w podSink) arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
	object, ok := o.(*corev1.Pod)
	if !ok || object.Labels[labelRevision] == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.podSeen(object, sighting{at: at, clock: w.clock})
	if p := w.pods[object.UID]; kind == watch.Deleted && p != nil {
		w.podGone(p, at)
	}
}

// eventSink keeps what the scheduler and the kubelets say. What a list brings
// happened earlier, at a time that is known to the second only: it is left out.
type eventSink struct{ *Watch }

func (w eventSink) listed([]runtime.Object, time.Duration, time.Duration) {}

func (w eventSink) arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
	e, ok := o.(*corev1.Event)
	if !ok || kind == watch.Deleted || e.InvolvedObject.Kind != "Pod" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pods[e.InvolvedObject.UID]
	if p == nil {
		w.early.keep(e, at)
		return
	}
	p.observeEvent(e, at)
	w.revision(p.revision).changed.fire()
}
