package main

import (
	"testing"
	"time"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubefake "k8s.io/client-go/kubernetes/fake"
	servingfake "knative.dev/serving/pkg/client/clientset/versioned/fake"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/incluster"
)

// podCluster is a cluster that does nothing, for tests of runs in pods.
type podCluster struct {
	*ksvc.Client
	kube    *kubefake.Clientset
	serving *servingfake.Clientset
}

func newPodCluster() *podCluster {
	c := &podCluster{kube: kubefake.NewSimpleClientset(), serving: servingfake.NewSimpleClientset()}
	c.Client = &ksvc.Client{Kubernetes: c.kube, Serving: c.serving, Namespace: "bench", Server: "https://fake"}
	return c
}

// start starts a run, of which there is a job and no pod yet.
func (c *podCluster) start(t *testing.T, run string) incluster.Job {
	t.Helper()
	plan := incluster.Plan{Run: run, Namespace: c.Namespace, Image: "registry.example/kn-coldstart:v1", Args: []string{"single"}}
	if err := incluster.Start(t.Context(), c.Client, plan); err != nil {
		t.Fatal(err)
	}
	return plan.Job()
}

// addPod adds the pod of a run, which has ended.
func (c *podCluster) addPod(t *testing.T, run string) {
	t.Helper()
	err := c.kube.Tracker().Add(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: "kn-coldstart-" + run + "-x", Labels: map[string]string{ksvc.LabelInCluster: run}},
		Status:     corev1.PodStatus{Phase: corev1.PodSucceeded},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// change changes the job of a run as Kubernetes would.
func (c *podCluster) change(t *testing.T, run string, change func(*batch.Job)) {
	t.Helper()
	jobs := c.kube.BatchV1().Jobs(c.Namespace)
	j, err := jobs.Get(t.Context(), "kn-coldstart-"+run, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	change(j)
	if _, err := jobs.Update(t.Context(), j, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// ended says that a job has ended a while ago.
func ended(ago time.Duration) func(*batch.Job) {
	return func(j *batch.Job) {
		j.Status.Conditions = []batch.JobCondition{{
			Type: batch.JobComplete, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(time.Now().Add(-ago)),
		}}
	}
}

// runs are those of which there is something.
func (c *podCluster) runs(t *testing.T) map[string]bool {
	t.Helper()
	jobs, err := incluster.List(t.Context(), c.Client, false)
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, j := range jobs {
		there[j.Run] = true
	}
	return there
}
