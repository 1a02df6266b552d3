package watch

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func TestComponents(t *testing.T) {
	var told []string
	w := newWatch(&ksvc.Client{}, ofRun(ksvctest.Run), record.NewClock(), options{}, func(e record.Event) {
		told = append(told, string(e.Kind)+" "+e.Message)
	})
	seen := func(name string, wanted, ready int32) {
		w.observeComponent(&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: ksvc.SystemNamespace, Name: name},
			Spec:       appsv1.DeploymentSpec{Replicas: &wanted},
			Status:     appsv1.DeploymentStatus{ReadyReplicas: ready},
		}, sighting{at: time.Second})
	}
	seen("autoscaler", 1, 1)
	seen("activator", 2, 2)
	seen("autoscaler", 1, 0)
	seen("autoscaler", 1, 0) // another change of its status
	seen("activator", 2, 1)
	seen("autoscaler", 1, 1)
	seen("activator", 1, 1) // scaled down
	w.Stop()
	want := []string{
		"componentDown knative-serving/autoscaler: 0 of 1 instances are Ready",
		"componentDown knative-serving/activator: 1 of 2 instances are Ready",
		"componentUp knative-serving/autoscaler: 1 of 1 instances are Ready",
		"componentUp knative-serving/activator: 1 of 1 instances are Ready",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
