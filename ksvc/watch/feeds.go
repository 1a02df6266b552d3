package watch

import (
	"maps"
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

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// components names the feed of Knative's own deployments.
const components = feed.Deployments + " of " + ksvc.SystemNamespace

// followed is a feed and where its objects go.
type followed struct {
	feed feed.Feed
	sink feed.Sink
}

// feeds are all that a run follows. Events carry no labels, so those about every pod of
// the namespace arrive; they are told apart by the pod's UID.
func (w *Watch) feeds() []followed {
	parts := w.scope.parts()
	aboutPods := metav1.ListOptions{FieldSelector: "involvedObject.kind=Pod"}
	all := metav1.ListOptions{}
	ns, kube := w.client.Namespace, w.client.Kubernetes
	return []followed{
		{feed.New(feed.Services, w.scope.services(), w.client.Serving.ServingV1().Services(ns)), each(w.observeService, w.forgetService)},
		{feed.New(feed.Pods, parts, kube.CoreV1().Pods(ns)), podSink{w}},
		{feed.New(feed.Deployments, parts, kube.AppsV1().Deployments(ns)), each(w.observeDeployment, nil)},
		{feed.New(feed.Autoscalers, parts, w.client.Serving.AutoscalingV1alpha1().PodAutoscalers(ns)), each(w.observeAutoscaler, nil)},
		{feed.New(feed.Routing, parts, w.client.Networking.NetworkingV1alpha1().ServerlessServices(ns)), each(w.observeRouting, nil)},
		{feed.New(feed.Events, aboutPods, kube.CoreV1().Events(ns)), eventSink{w}},
		{feed.New(feed.Nodes, all, kube.CoreV1().Nodes()), each(w.observeNode, nil)},
		{feed.New(components, all, kube.AppsV1().Deployments(ksvc.SystemNamespace)), each(w.observeComponent, nil)},
	}
}

// each makes a sink that takes every object by itself.
func each[T runtime.Object](observe func(T, sighting), forget func(T)) feed.Sink {
	return eachSink[T]{observe, forget}
}

type eachSink[T runtime.Object] struct {
	observe func(T, sighting)
	forget  func(T)
}

func (s eachSink[T]) Listed(objects []runtime.Object, at, since time.Duration) {
	for _, o := range objects {
		if typed, ok := o.(T); ok {
			s.observe(typed, sighting{at: at, since: since, listed: true})
		}
	}
}

func (s eachSink[T]) Arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
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
	if !w.scope.follows(o.Name) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.service(o.Name)
	v.observe(o, w.scope.key(o.Name, o.Labels), s.at)
	v.changed.Fire()
}

func (w *Watch) forgetService(o *servingv1.Service) {
	if !w.scope.follows(o.Name) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.service(o.Name)
	v.gone, v.ready, v.condition = true, false, "deleted"
	v.changed.Fire()
}

// withRevision calls do with the history of the revision that is named in labels.
func (w *Watch) withRevision(labels map[string]string, do func(*revision)) {
	name := labels[labelRevision]
	if name == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.revision(name)
	do(r)
	r.changed.Fire()
}

func (w *Watch) observeDeployment(o *appsv1.Deployment, s sighting) {
	s.clock = w.clock
	w.withRevision(o.Labels, func(r *revision) {
		if r.observeDeployment(o, s) {
			w.reportScale(record.EventScaleRequested, o.Labels, *o.Spec.Replicas, s.at)
		}
	})
}

func (w *Watch) observeAutoscaler(o *autoscaling.PodAutoscaler, s sighting) {
	s.clock = w.clock
	w.withRevision(o.Labels, func(r *revision) {
		// Of a revision that it never saw traffic of, the autoscaler wants -1.
		if r.observeAutoscaler(o, s) && *o.Status.DesiredScale >= 0 {
			w.reportScale(record.EventScaleWanted, o.Labels, *o.Status.DesiredScale, s.at)
		}
	})
}

// reportScale reports a number of instances of the service that is named in labels; w.mu
// is held.
func (w *Watch) reportScale(kind record.Kind, labels map[string]string, n int32, at time.Duration) {
	service := labels[labelService]
	key := w.scope.key(service, labels)
	w.emit(record.Event{At: at, Kind: kind, RuntimeClass: key.RuntimeClass, Variant: key.Variant, Service: service, Value: float64(n)})
}

func (w *Watch) observeRouting(o *v1alpha1.ServerlessService, _ sighting) {
	w.withRevision(o.Labels, func(r *revision) { r.observeRouting(o) })
}

// podSink keeps the pods. A pod that a list no longer has went in the gap.
type podSink struct{ *Watch }

func (w podSink) Listed(objects []runtime.Object, at, since time.Duration) {
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
	maps.DeleteFunc(w.finished, func(uid types.UID, _ bool) bool { return !there[uid] })
}

func (w podSink) Arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
	object, ok := o.(*corev1.Pod)
	if !ok || object.Labels[labelRevision] == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.podSeen(object, sighting{at: at, clock: w.clock})
	if kind != watch.Deleted {
		return
	}
	if p := w.pods[object.UID]; p != nil {
		w.podGone(p, at)
	}
	delete(w.finished, object.UID)
}

// eventSink keeps what the scheduler and the kubelets say. What a list brings
// happened earlier, at a time that is known to the second only: it is left out.
type eventSink struct{ *Watch }

func (w eventSink) Listed([]runtime.Object, time.Duration, time.Duration) {}

func (w eventSink) Arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
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
	w.revision(p.revision).changed.Fire()
}
