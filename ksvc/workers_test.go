package ksvc_test

import (
	"testing"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

// The Job has one pod for each index, on the nodes that were asked for, without access to the
// API. The Secret goes with it, and both are removed.
func TestWorkers(t *testing.T) {
	for replaced, most := range map[bool]int32{true: 3, false: 0} {
		f := ksvctest.NewFakes()
		w := f.NewWorkers(ksvctest.Run, record.Workers{Count: 3, Image: "tool: {", NodeSelector: map[string]string{"pool": "load"}, Replaced: replaced})
		if err := w.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
		ours := metav1.ListOptions{LabelSelector: ksvc.Selector(ksvctest.Run)}
		jobs, err := f.Kube.BatchV1().Jobs(ksvctest.Space).List(t.Context(), ours)
		if err != nil || len(jobs.Items) != 1 {
			t.Fatalf("%d jobs, %v", len(jobs.Items), err)
		}
		job := jobs.Items[0]
		spec, pod := job.Spec, job.Spec.Template.Spec
		if *spec.Completions != 3 || *spec.Parallelism != 3 || string(*spec.CompletionMode) != "Indexed" || *spec.BackoffLimitPerIndex != most {
			t.Errorf("job %+v", spec)
		}
		if spec.ActiveDeadlineSeconds == nil {
			t.Error("if its pods cannot start and the run is killed, the Job stays for ever")
		}
		if *pod.AutomountServiceAccountToken || pod.RestartPolicy != corev1.RestartPolicyNever || pod.NodeSelector["pool"] != "load" || pod.Containers[0].Image != "tool: {" {
			t.Errorf("pod %+v", pod)
		}
		if labels := job.Spec.Template.Labels; labels[ksvc.LabelRun] != ksvctest.Run || labels[ksvc.LabelWorker] == "" {
			t.Errorf("labels %v", labels)
		}
		secrets, err := f.Kube.CoreV1().Secrets(ksvctest.Space).List(t.Context(), ours)
		if err != nil || len(secrets.Items) != 1 {
			t.Fatalf("%d secrets, %v", len(secrets.Items), err)
		}
		if s := secrets.Items[0]; s.OwnerReferences[0].Name != job.Name || len(s.StringData["token"]) < 20 || pod.Containers[0].Env[0].ValueFrom.SecretKeyRef.Name != s.Name {
			t.Errorf("secret %+v", s)
		}
		if err := w.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if jobs, err := f.Kube.BatchV1().Jobs(ksvctest.Space).List(t.Context(), ours); err != nil || len(jobs.Items) != 0 {
			t.Errorf("%d jobs are left, %v", len(jobs.Items), err)
		}
	}
}

// Workers of a run in a pod go with its Job, those of other runs by themselves.
func TestOwnerOfWorkers(t *testing.T) {
	job := func(name string, labels map[string]string) *batch.Job {
		return &batch.Job{ObjectMeta: metav1.ObjectMeta{Namespace: ksvctest.Space, Name: name, UID: "of-" + types.UID(name), Labels: labels}}
	}
	inPod := func(run string) map[string]string {
		return map[string]string{ksvc.LabelManagedBy: ksvc.ManagedBy, ksvc.LabelRun: run, ksvc.LabelInCluster: run}
	}
	f := ksvctest.NewFakes(job("its-own", inPod(ksvctest.Run)), job("another", inPod("another")))
	for run, owner := range map[string]types.UID{ksvctest.Run: "of-its-own", "neither": ""} {
		if err := f.NewWorkers(run, record.Workers{Count: 1, Image: "tool"}).Create(t.Context()); err != nil {
			t.Fatal(err)
		}
		created, err := f.Kube.BatchV1().Jobs(ksvctest.Space).Get(t.Context(), "kn-coldstart-workers-"+run, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var owners []types.UID
		for _, o := range created.OwnerReferences {
			owners = append(owners, o.UID)
		}
		if owner == "" && len(owners) > 0 || owner != "" && (len(owners) != 1 || owners[0] != owner) {
			t.Errorf("run %s: its workers are owned by %v, want %s", run, owners, owner)
		}
	}
}

// workerPod is one of a worker.
func workerPod(name string, status corev1.PodStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ksvctest.Space, Name: name, Labels: map[string]string{
			ksvc.LabelManagedBy: ksvc.ManagedBy, ksvc.LabelRun: ksvctest.Run, ksvc.LabelWorker: "true",
		}},
		Status: status,
	}
}

// Services are removed without the workers, which send to the next ones; clean removes all.
func TestDeleteKeepsWorkers(t *testing.T) {
	f := ksvctest.NewFakes(workerPod("a", corev1.PodStatus{}))
	w := f.NewWorkers(ksvctest.Run, record.Workers{Count: 1, Image: "tool"})
	if err := w.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Delete(t.Context(), ksvc.DeleteOptions{Runs: []string{ksvctest.Run}, KeepWorkers: true}); err != nil {
		t.Fatal(err)
	}
	left, err := f.Left(t.Context(), false)
	if err != nil || len(left) != 1 || left[0].Run != ksvctest.Run || left[0].Pods != 1 {
		t.Errorf("left %+v, %v", left, err)
	}
}

// Who may not see Jobs has had no workers, and can still clean up services.
func TestCleanWithoutSeeingJobs(t *testing.T) {
	f := ksvctest.NewFakes()
	f.Kube.PrependReactor("list", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: "batch", Resource: "jobs"}, "", nil)
	})
	if _, err := f.Left(t.Context(), false); err != nil {
		t.Error(err)
	}
	if _, err := f.Delete(t.Context(), ksvc.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}
