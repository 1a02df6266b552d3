package watch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// unlabelled takes our labels from an object, as those of a user's service have none.
func unlabelled(o metav1.Object) {
	labels := o.GetLabels()
	for _, name := range []string{ksvc.LabelManagedBy, ksvc.LabelRun, ksvc.LabelRuntimeClass} {
		delete(labels, name)
	}
	o.SetLabels(labels)
}

// Services that existed before the run have no label of ours. They are told from all the
// others of the namespace by name, and so are their pods.
func TestExistingServicesAreFollowed(t *testing.T) {
	followed := []record.ExistingService{{Name: ksvctest.Service, RuntimeClass: "gvisor"}, {Name: "shop", RuntimeClass: "default"}}
	p := newPlayedOf(t, ofExisting(followed), options{}, nil)
	if diff := cmp.Diff(metav1.ListOptions{LabelSelector: "serving.knative.dev/service in (h-1,shop)"}, p.scope.parts()); diff != "" {
		t.Error(diff)
	}
	if p.scope.services() != (metav1.ListOptions{}) {
		t.Errorf("services are selected by %v, and have no label", p.scope.services())
	}
	service, another := ksvctest.NewService(corev1.ConditionTrue, "", ""), ksvctest.NewService(corev1.ConditionTrue, "", "")
	unlabelled(service)
	another.Name = "another"
	pod := ksvctest.NewPod("u1")
	unlabelled(pod)
	for _, o := range []*servingv1.Service{service, another} {
		p.play(1*ms, watch.Added, o)
	}
	p.play(2*ms, watch.Deleted, another)
	p.play(3*ms, watch.Added, pod)

	if len(p.services) != 1 {
		t.Errorf("%d services are followed, want one", len(p.services))
	}
	want := record.Target{RuntimeClass: "gvisor", Variant: ksvctest.Service, Namespace: ksvctest.Space, Service: ksvctest.Service,
		Revision: ksvctest.Revision, Host: "h-1.bench.example.com", Path: "/"}
	if diff := cmp.Diff(want, p.target(ksvctest.Service)); diff != "" {
		t.Error(diff)
	}
	if got := p.Instances(followed[0].Key()).Alive; got != 1 {
		t.Errorf("%d instances of the service, want 1", got)
	}
	if got := p.Instances(followed[1].Key()).Alive; got != 0 {
		t.Errorf("%d instances of the other service, want none", got)
	}
}
