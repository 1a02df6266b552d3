package cluster

import (
	"slices"
	"testing"
	"time"

	authorization "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	"knative.dev/networking/pkg/apis/networking/v1alpha1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// ofUser takes our labels from what belongs to a service, as a user's has none.
func ofUser[T metav1.Object](o T) T {
	for _, name := range []string{ksvc.LabelManagedBy, ksvc.LabelRun, ksvc.LabelRuntimeClass} {
		delete(o.GetLabels(), name)
	}
	return o
}

// userCluster is a cluster with a user's service, which is at zero.
func userCluster() *ksvctest.Fakes {
	service := ofUser(ksvctest.NewService(corev1.ConditionTrue, "", ""))
	all := int64(100)
	service.Status.Traffic = []servingv1.TrafficTarget{{RevisionName: ksvctest.Revision, Percent: &all}}
	service.Spec.Template.Spec.Containers = []corev1.Container{{Image: "registry/shop"}}
	f := ksvctest.NewFakes(
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ksvctest.Space}}, service,
		ofUser(ksvctest.NewDeployment(0)), ofUser(ksvctest.NewAutoscaler(0, false)),
		ofUser(ksvctest.NewRouting(v1alpha1.SKSOperationModeProxy, true)),
		ksvctest.NewConfigMap("config-autoscaler", nil), ksvctest.NewConfigMap("config-network", nil),
		ksvctest.NewConfigMap("config-defaults", nil), ksvctest.NewActivator(),
	)
	f.Kube.Resources = []*metav1.APIResourceList{{GroupVersion: "serving.knative.dev/v1", APIResources: []metav1.APIResource{{Name: "services"}}}}
	f.Kube.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		review := a.(clienttesting.CreateAction).GetObject().(*authorization.SelfSubjectAccessReview)
		review.Status.Allowed = true
		return true, review, nil
	})
	return f
}

// All that a run of an existing service asks of the API reads. A review of the run's own
// permissions is a question, too, although the API has it created.
func TestExistingServicesAreOnlyRead(t *testing.T) {
	f := userCluster()
	c := New(f.Client)
	ingress, _ := ksvctest.Listen(t)
	needs := record.Needs{Services: []string{ksvctest.Service}, ClientTimeout: time.Second, IngressAddress: ingress}
	survey, err := c.Survey(t.Context(), needs)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.StartWatch(t.Context(), ksvctest.Run, record.NewClock(), record.Patience{Ready: 5 * time.Second, Zero: 5 * time.Second}, nil); err != nil {
		t.Fatal(err)
	}
	target, err := c.AwaitReady(t.Context(), ksvctest.Service)
	if err != nil {
		t.Fatal(err)
	}
	if want := survey.Services[0].Key(); target.Key() != want || target.Revision != ksvctest.Revision {
		t.Errorf("target %+v, want one of %s", target, want)
	}
	if got, err := c.Address(t.Context(), ksvctest.Service); err != nil || got != ingress {
		t.Errorf("Address = %s, %v", got, err)
	}
	if err := c.AwaitZero(t.Context(), target); err != nil {
		t.Error(err)
	}
	sample := record.Sample{Outcome: record.Timeout}
	if err := c.Prove(t.Context(), target, &sample); err != nil || sample.Cold == "" {
		t.Errorf("Prove = %v, %+v", err, sample)
	}
	c.StopWatch()

	actions := slices.Concat(f.Kube.Actions(), f.Serving.Actions(), f.Networking.Actions())
	if len(actions) < 20 {
		t.Errorf("only %d requests were made", len(actions))
	}
	for _, a := range actions {
		if a.GetResource().Resource == "selfsubjectaccessreviews" {
			continue
		}
		if verb := a.GetVerb(); verb != "get" && verb != "list" && verb != "watch" {
			t.Errorf("the run did %s %s", verb, a.GetResource().Resource)
		}
	}
}

// What clean finds and deletes has labels of ours, and existing services have none.
func TestCleanLeavesExistingServices(t *testing.T) {
	f := userCluster()
	if found, err := f.Left(t.Context(), false); err != nil || len(found) > 0 {
		t.Errorf("found %+v, %v", found, err)
	}
	gone, err := f.Delete(t.Context(), ksvc.DeleteOptions{})
	if err != nil || gone.Services != 0 {
		t.Errorf("%d services are gone, %v", gone.Services, err)
	}
	if _, err := f.Serving.ServingV1().Services(ksvctest.Space).Get(t.Context(), ksvctest.Service, metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	for _, a := range f.Serving.Actions() {
		if verb := a.GetVerb(); verb != "get" && verb != "list" && verb != "watch" {
			t.Errorf("clean did %s %s", verb, a.GetResource().Resource)
		}
	}
}
