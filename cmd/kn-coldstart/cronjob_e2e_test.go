//go:build e2e

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
)

// never is a schedule that does not fall due: the 31st of February.
const never = "0 0 31 2 *"

// TestCronJob applies what cronjob prints, has its job run once, in a pod with nothing but
// its service account, and finds the run file in the volume. It runs alone, because some of
// the roles lie outside its namespace and have one name for all.
func TestCronJob(t *testing.T) {
	const space, image = "cronjob-e2e", "dev.local/kn-coldstart:cronjob"
	if r := kn(t, "cluster", "load-image", filepath.Join(build, "kn-coldstart"), "--name", image); r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	admin, before := newSpace(t, space), readObservability(t)
	folder := volume(t, admin, ownName)
	r := kn(t, "cronjob", "-n", space, "--tool-image", image, "--usage", "--schedule", never, "--",
		"single", "--iterations", "1", "--services-per-class", "1", "--client-timeout", "14s", "--image", nodeImage, "--traces")
	if r.code != exitOK {
		t.Fatalf("exit code %d\n%s", r.code, r)
	}
	for document := range strings.SplitSeq(r.stdout, "\n---\n") {
		apply(t, admin, []byte(document))
	}
	runOnce(t, admin)
	files, err := filepath.Glob(filepath.Join(folder, "results", "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("run files %q, want one: %v", files, err)
	}
	wantFullRun(t, files[0])
	run, err := record.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(run.Samples, func(s record.Sample) bool { return s.Traced && len(s.Spans) > 0 }) {
		t.Error("no sample has spans")
	}
	wantNothingLeftIn(t, space)
	wantRestored(t, before)
}

// volume makes a volume for a claim of the namespace: a folder of this machine, which the
// user of the image may write to.
func volume(t *testing.T, admin *ksvc.Client, claim string) string {
	t.Helper()
	folder := t.TempDir()
	for at := folder; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	volumes := admin.Kubernetes.CoreV1().PersistentVolumes()
	v := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: admin.Namespace}, Spec: corev1.PersistentVolumeSpec{
		Capacity:               corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
		AccessModes:            []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		ClaimRef:               &corev1.ObjectReference{Namespace: admin.Namespace, Name: claim},
		PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: folder}},
	}}
	if _, err := volumes.Create(t.Context(), v, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := volumes.Delete(context.Background(), v.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// runOnce makes a job of the CronJob, as 'kubectl create job --from' does, and waits until it
// has succeeded.
func runOnce(t *testing.T, admin *ksvc.Client) {
	t.Helper()
	cron, err := admin.Kubernetes.BatchV1().CronJobs(admin.Namespace).Get(t.Context(), ownName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	jobs := admin.Kubernetes.BatchV1().Jobs(admin.Namespace)
	job := &batch.Job{ObjectMeta: metav1.ObjectMeta{Name: "once"}, Spec: cron.Spec.JobTemplate.Spec}
	if _, err := jobs.Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(time.Second) {
		job, err := jobs.Get(t.Context(), "once", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if job.Status.Succeeded == 1 {
			return
		}
		if job.Status.Failed > 0 || time.Now().After(deadline) {
			t.Fatalf("the job is %+v\n%s", job.Status, logsIn(t, admin))
		}
	}
}

// logsIn is what the job's pods wrote, and what is reported about them.
func logsIn(t *testing.T, admin *ksvc.Client) string {
	t.Helper()
	api := admin.Kubernetes.CoreV1()
	pods, err := api.Pods(admin.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "job-name=once"})
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, p := range pods.Items {
		log, err := api.Pods(admin.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
		if err != nil {
			log = []byte(err.Error())
		}
		text.WriteString(p.Name + ": " + p.Status.String() + "\n" + string(log) + "\n")
	}
	return text.String()
}
