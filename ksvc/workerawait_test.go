package ksvc_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

const jobOfWorkers = "kn-coldstart-workers-" + ksvctest.Run

// awaited is workers that are being awaited, in the bubble of a test.
type awaited struct {
	*ksvctest.Fakes
	workers *ksvc.Workers
	told    []string
	took    time.Duration
}

// newAwaited has created the Job of some workers, of which these pods are there.
func newAwaited(t *testing.T, count int, pods ...*corev1.Pod) *awaited {
	t.Helper()
	f := ksvctest.NewFakes()
	a := &awaited{Fakes: f, workers: f.NewWorkers(ksvctest.Run, record.Workers{Count: count, Image: "tool"})}
	if err := a.workers.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range pods {
		a.put(t, p)
	}
	return a
}

// put adds a pod, or changes one.
func (a *awaited) put(t *testing.T, p *corev1.Pod) {
	t.Helper()
	resource := corev1.SchemeGroupVersion.WithResource("pods")
	err := a.Kube.Tracker().Add(p)
	if apierrors.IsAlreadyExists(err) {
		err = a.Kube.Tracker().Update(resource, p, p.Namespace)
	}
	if err != nil {
		t.Error(err)
	}
}

func (a *awaited) job(t *testing.T) *batch.Job {
	t.Helper()
	j, err := a.Kube.BatchV1().Jobs(ksvctest.Space).Get(t.Context(), jobOfWorkers, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// say changes the Job's status.
func (a *awaited) say(t *testing.T, s batch.JobStatus) {
	t.Helper()
	j := a.job(t)
	j.Status = s
	if _, err := a.Kube.BatchV1().Jobs(ksvctest.Space).UpdateStatus(t.Context(), j, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// warn has Kubernetes report something about the Job.
func (a *awaited) warn(t *testing.T, message string) {
	t.Helper()
	e := &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: ksvctest.Space, Name: "e"}, Type: corev1.EventTypeWarning, Message: message,
		InvolvedObject: corev1.ObjectReference{Kind: "Job", Name: jobOfWorkers},
	}
	if err := a.Kube.Tracker().Add(e); err != nil {
		t.Fatal(err)
	}
}

func (a *awaited) await(ctx context.Context) ([]record.Worker, error) {
	began := time.Now()
	workers, err := a.workers.Await(ctx, nil, func(why string) { a.told = append(a.told, why) })
	a.took = time.Since(began)
	return workers, err
}

// placed is a worker's pod in a place of the Job, on a node unless that is "".
func placed(index int, node string, status corev1.PodStatus) *corev1.Pod {
	p := workerPod("w-"+strconv.Itoa(index), status)
	p.Annotations = map[string]string{batch.JobCompletionIndexAnnotation: strconv.Itoa(index)}
	p.Spec.NodeName = node
	return p
}

var isReady = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}

func waits(reason, message string) corev1.PodStatus {
	return corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message},
	}}}}
}

func hasEnded(code int32, message string) corev1.PodStatus {
	return corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: code, Message: message},
	}}}}
}

func unschedulable(message string) corev1.PodStatus {
	return corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: message},
	}}
}

// Workers that are Ready are returned, and may then stay for as long as they are led.
func TestAwaitWorkers(t *testing.T) {
	a := newAwaited(t, 2, placed(1, "n", isReady), placed(0, "n", isReady), workerPod("ended", hasEnded(1, "")))
	workers, err := a.await(t.Context())
	if err != nil || len(workers) != 2 || workers[0].Name != "w-0" || workers[0].Token == "" {
		t.Errorf("workers %+v, %v", workers, err)
	}
	if limit := a.job(t).Spec.ActiveDeadlineSeconds; limit != nil {
		t.Errorf("the workers are ended after %d s", *limit)
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "batch", Resource: "jobs"}, jobOfWorkers, nil)
	ksvctest.Refuse(&a.Kube.Fake, "patch", "jobs", forbidden)
	if _, err := a.await(t.Context()); !apierrors.IsForbidden(err) || !strings.Contains(ksvc.Hint(err), "rbac") {
		t.Errorf("got error %v, hint %q", err, ksvc.Hint(err))
	}
}

// What is said of workers that do not come up is how they are at last, and none of it is waited
// for that cannot come.
func TestAwaitWorkersInVain(t *testing.T) {
	const quota = "Error creating: exceeded quota"
	failed := "0"
	never, ended := "no more pods are created: ", "worker w-0 has ended: Error, exit code 1"
	for name, c := range map[string]struct {
		pods  []*corev1.Pod
		job   batch.JobStatus
		gone  bool // the Job
		event string
		took  time.Duration
		want  string
		hint  string
		told  string
	}{
		"no such image": {
			pods: []*corev1.Pod{placed(0, "n", isReady), placed(1, "n", waits("ErrImageNeverPull", "no image"))},
			want: "worker w-1: ErrImageNeverPull: no image", hint: "--worker-image",
		},
		"no pod": {
			event: quota, took: 2 * time.Minute,
			want: "last seen: 0 of 2 are Ready; 2 without a pod: " + quota, hint: "kubectl get events -n bench",
			told: "0 of 2 are Ready; 2 without a pod: " + quota,
		},
		"one pod of two": {
			pods: []*corev1.Pod{placed(0, "n", isReady)}, event: quota, took: 2 * time.Minute,
			want: "last seen: 1 of 2 are Ready; 1 without a pod: " + quota, hint: "kubectl get events",
			told: "1 of 2 are Ready; 1 without a pod: " + quota,
		},
		"no Secret": {
			pods: []*corev1.Pod{placed(0, "n", waits("CreateContainerConfigError", "secret not found")), placed(1, "n", waits("CreateContainerConfigError", "secret not found"))},
			took: 2 * time.Minute, want: "last seen: 0 of 2 are Ready; worker w-0 waits: CreateContainerConfigError: secret not found", hint: "kubectl get events",
		},
		"no node": {
			pods: []*corev1.Pod{placed(0, "n", isReady), placed(1, "", unschedulable("no node fits"))},
			took: 5 * time.Minute, want: "last seen: 1 of 2 are Ready; worker w-1 is not scheduled: no node fits", hint: "kubectl get events",
			told: "1 of 2 are Ready; worker w-1 is not scheduled: no node fits",
		},
		"replaced too often": {
			pods: []*corev1.Pod{placed(0, "n", hasEnded(1, "no such command")), placed(1, "n", isReady)}, job: batch.JobStatus{FailedIndexes: &failed},
			want: never + "1 of 2 are Ready; " + ended + ": no such command; 1 without a pod", hint: "--worker-image is an image of kn-coldstart",
		},
		"being replaced": {
			pods: []*corev1.Pod{placed(0, "n", hasEnded(1, "")), placed(1, "n", isReady)},
			took: 2 * time.Minute, want: "last seen: 1 of 2 are Ready; " + ended + "; 1 without a pod",
		},
		"ended in good order": {pods: []*corev1.Pod{placed(1, "n", isReady)}, job: batch.JobStatus{CompletedIndexes: "0"}, want: never},
		"after the Job's limit": {
			job: batch.JobStatus{Conditions: []batch.JobCondition{{Type: batch.JobFailed, Status: corev1.ConditionTrue}}}, event: "it took too long",
			want: never + "0 of 2 are Ready; 2 without a pod: it took too long",
		},
		"without the Job": {gone: true, want: never},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAwaited(t, 2, c.pods...)
				a.say(t, c.job)
				if c.event != "" {
					a.warn(t, c.event)
				}
				if c.gone {
					if err := a.Kube.BatchV1().Jobs(ksvctest.Space).Delete(t.Context(), jobOfWorkers, metav1.DeleteOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				_, err := a.await(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(ksvc.Hint(err), c.hint) {
					t.Errorf("got error %v, hint %q", err, ksvc.Hint(err))
				}
				if a.took < c.took || a.took > c.took+time.Second || errors.As(err, new(*ksvc.TimeoutError)) != (c.took > 0) {
					t.Errorf("it took %v, want %v", a.took, c.took)
				}
				if told := strings.Join(a.told, "\n"); told != c.told {
					t.Errorf("told %q, want %q", told, c.told)
				}
			})
		})
	}
}

// Whoever waits for nodes gets them one after the other. What was said before is not repeated.
func TestAwaitWorkersOnNewNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAwaited(t, 2, placed(0, "", unschedulable("no node fits")), placed(1, "", unschedulable("no node fits")))
		for after, p := range map[time.Duration]*corev1.Pod{
			4 * time.Minute:                  placed(0, "n-0", waits("ContainerCreating", "")),
			8 * time.Minute:                  placed(0, "n-0", isReady),
			12 * time.Minute:                 placed(1, "n-1", waits("ContainerCreating", "")),
			12*time.Minute + 100*time.Second: placed(1, "n-1", isReady),
		} {
			time.AfterFunc(after, func() { a.put(t, p) })
		}
		workers, err := a.await(t.Context())
		if err != nil || len(workers) != 2 || workers[1].Node != "n-1" || len(a.told) != 1 {
			t.Errorf("workers %+v, %v, told %q", workers, err, a.told)
		}
	})
}
