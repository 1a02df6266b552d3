package incluster

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

func testPlan() Plan {
	return Plan{
		Run: ksvctest.Run, Namespace: ksvctest.Space, Image: "registry.example/kn-coldstart:v1",
		Args: []string{"single", "--expect-body=^$(X)$"}, Files: map[string][]byte{"body": []byte("b")}, Traces: true, Workers: true,
	}
}

// created are the objects that are left of those that were created.
func created(t *testing.T, f *ksvctest.Fakes) []metav1.Object {
	t.Helper()
	there := map[string]metav1.Object{}
	var order []string
	for _, a := range f.Kube.Actions() {
		switch a := a.(type) {
		case clienttesting.CreateAction:
			o, err := meta.Accessor(a.GetObject())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Kube.Tracker().Get(a.GetResource(), a.GetNamespace(), o.GetName()); err == nil {
				key := a.GetResource().Resource + " " + a.GetNamespace() + "/" + o.GetName()
				there[key], order = o, append(order, key)
			}
		}
	}
	var all []metav1.Object
	for _, key := range order {
		all = append(all, there[key])
	}
	return all
}

func TestStart(t *testing.T) {
	f := ksvctest.NewFakes()
	p := testPlan()
	if err := Start(t.Context(), f.Client, p); err != nil {
		t.Fatal(err)
	}
	job, err := f.Kube.BatchV1().Jobs(p.Namespace).Get(t.Context(), name(p.Run), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *job.Spec.Suspend || job.Spec.Template.Spec.ServiceAccountName != name(p.Run) {
		t.Errorf("the job is %+v", job.Spec)
	}
	want := []string{"single", "--expect-body=^$$(X)$$", "--traces", "--traces-address=[$(POD_IP)]:0"}
	if diff := cmp.Diff(want, job.Spec.Template.Spec.Containers[0].Args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if limit := job.Spec.ActiveDeadlineSeconds; limit == nil || *limit != int64(StartLimit.Seconds()) {
		t.Errorf("if its pod cannot start, the job ends after %v", limit)
	}
	all := created(t, f)
	for _, o := range all {
		if o.GetLabels()[ksvc.LabelRun] != p.Run || o.GetLabels()[ksvc.LabelManagedBy] != ksvc.ManagedBy || !strings.Contains(o.GetName(), p.Run) {
			t.Errorf("%s has labels %v: clean would not find it, or it is shared", o.GetName(), o.GetLabels())
		}
		if owned := len(o.GetOwnerReferences()) == 1; owned != (o.GetNamespace() == p.Namespace && o != all[0]) {
			t.Errorf("%s/%s is owned: %v", o.GetNamespace(), o.GetName(), owned)
		}
	}
	if labels := job.Spec.Template.Labels; labels[ksvc.LabelRun] != "" || labels[ksvc.LabelInCluster] != p.Run {
		t.Errorf("the pod has labels %v: the run would wait for the end of its own pod", labels)
	}
	if !slices.ContainsFunc(all, func(o metav1.Object) bool { return strings.HasPrefix(o.GetName(), "kn-coldstart-workers-") }) {
		t.Error("the run may have no workers")
	}
	found, err := Find(t.Context(), f.Client, p.Run)
	if err != nil || found.State != Running || found.Command != "single" || !found.Grants {
		t.Errorf("Find = %+v, %v", found, err)
	}
	if err := Remove(t.Context(), f.Client, found); err != nil {
		t.Error(err)
	}
	if left := created(t, f); len(all) < 10 || len(left) != 0 {
		t.Errorf("%d objects were created, left %d", len(all), len(left))
	}
	if err := Remove(t.Context(), f.Client, found); err != nil {
		t.Errorf("Remove of what is gone = %v", err)
	}
}

// A run that has started may take as long as it likes.
func TestLiftLimit(t *testing.T) {
	f, p := ksvctest.NewFakes(), testPlan()
	if err := liftLimit(t.Context(), f.Client, p.Job()); err != nil {
		t.Errorf("liftLimit of a job that is gone = %v", err)
	}
	if err := Start(t.Context(), f.Client, p); err != nil {
		t.Fatal(err)
	}
	if err := liftLimit(t.Context(), f.Client, p.Job()); err != nil {
		t.Fatal(err)
	}
	job, err := f.Kube.BatchV1().Jobs(p.Namespace).Get(t.Context(), name(p.Run), metav1.GetOptions{})
	if err != nil || job.Spec.ActiveDeadlineSeconds != nil || *job.Spec.Suspend {
		t.Errorf("%v, the job is %+v", err, job.Spec)
	}
}

// With a service account that exists nothing but the job and its files is created.
func TestStartAs(t *testing.T) {
	f, p := ksvctest.NewFakes(), testPlan()
	p.ServiceAccount = "ci"
	if err := Start(t.Context(), f.Client, p); err != nil {
		t.Fatal(err)
	}
	if all := created(t, f); len(all) != jobDocuments {
		t.Errorf("%d objects were created", len(all))
	}
	found, err := Find(t.Context(), f.Client, p.Run)
	if err != nil || found.Grants {
		t.Errorf("Find = %+v, %v", found, err)
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "roles"}, "r", nil)
	ksvctest.Refuse(&f.Kube.Fake, "delete", "roles", forbidden)
	if err := Remove(t.Context(), f.Client, found); err != nil || len(created(t, f)) != 0 {
		t.Errorf("Remove = %v, left %d", err, len(created(t, f)))
	}
}

func TestStartThatFails(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "clusterroles"}, "r", nil)
	for verb, resource := range map[string]string{"create": "clusterroles", "patch": "jobs"} {
		f := ksvctest.NewFakes()
		ksvctest.Refuse(&f.Kube.Fake, verb, resource, forbidden)
		if err := Start(t.Context(), f.Client, testPlan()); !apierrors.IsForbidden(err) || verb == "create" && !strings.Contains(ksvc.Hint(err), "rbac -n bench --traces --workers |") {
			t.Errorf("Start = %v, hint %q", err, ksvc.Hint(err))
		}
		if left := created(t, f); len(left) != 0 {
			t.Errorf("%d objects are left", len(left))
		}
	}
	f, p := ksvctest.NewFakes(), testPlan()
	p.Files["big"] = make([]byte, 1<<20)
	if err := Start(t.Context(), f.Client, p); err == nil || ksvc.Hint(err) == "" || len(f.Kube.Actions()) != 0 {
		t.Errorf("Start with a big file = %v, %d requests", err, len(f.Kube.Actions()))
	}
}

func TestList(t *testing.T) {
	yes, one := true, int32(1)
	job := func(run string, age time.Duration, change func(*batch.Job)) *batch.Job {
		j := &batch.Job{ObjectMeta: metav1.ObjectMeta{
			Namespace: ksvctest.Space, Name: name(run), CreationTimestamp: metav1.NewTime(time.Now().Add(-age)),
			Labels: (&Plan{Run: run}).labels(),
		}}
		change(j)
		return j
	}
	end := time.Now().Add(-time.Hour).Truncate(time.Second)
	failed := batch.JobCondition{Type: batch.JobFailed, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(end)}
	f := ksvctest.NewFakes(
		job("runs", 4*time.Hour, func(*batch.Job) {}),
		job("failed", 3*time.Hour, func(j *batch.Job) { j.Status.Conditions = []batch.JobCondition{failed} }),
		job("starts", time.Second, func(j *batch.Job) { j.Spec.Suspend = &yes }),
		job("died", time.Hour, func(j *batch.Job) { j.Spec.Suspend = &yes }),
		job("ends", time.Hour, func(j *batch.Job) { j.Spec.Suspend, j.Status.Terminating = &yes, &one }),
		job("another's", time.Hour, func(j *batch.Job) { j.Labels = nil }),
	)
	// Of this one Kubernetes has removed the job, and what it owned.
	old := testPlan()
	if err := Start(t.Context(), f.Client, old); err != nil {
		t.Fatal(err)
	}
	if err := f.Kube.BatchV1().Jobs(old.Namespace).Delete(t.Context(), name(old.Run), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	states := func(all bool) map[string]State {
		jobs, err := List(t.Context(), f.Client, all)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]State{}
		for _, j := range jobs {
			got[j.Run] = j.State
			if j.Finished.Equal(end) != (j.Run == "failed") || j.Finished.IsZero() != (j.Run != "failed") {
				t.Errorf("%s has finished at %v", j.Run, j.Finished)
			}
			if j.Gone {
				got[j.Run] += ", no job"
			}
		}
		return got
	}
	want := map[string]State{"runs": Running, "failed": Ended, "starts": Starting, "died": Ended, "ends": Running, old.Run: Ended + ", no job"}
	for _, all := range []bool{false, true} {
		if diff := cmp.Diff(want, states(all)); diff != "" {
			t.Errorf("in all namespaces: %v (-want +got):\n%s", all, diff)
		}
	}
	if _, err := Find(t.Context(), f.Client, old.Run); !errors.Is(err, ErrNoRun) {
		t.Errorf("Find of a run whose job is gone = %v", err)
	}
	f.Client.Namespace = "other"
	if got := states(false); len(got) != 0 {
		t.Errorf("in another namespace: %v", got)
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "jobs"}, "", nil)
	ksvctest.Refuse(&f.Kube.Fake, "list", "jobs", forbidden)
	ksvctest.Refuse(&f.Kube.Fake, "list", "clusterrolebindings", forbidden)
	if got := states(true); len(got) != 0 {
		t.Errorf("who may list nothing sees %v", got)
	}
}

func TestEnd(t *testing.T) {
	f := ksvctest.NewFakes()
	p := testPlan()
	if err := Start(t.Context(), f.Client, p); err != nil {
		t.Fatal(err)
	}
	if err := f.Kube.Tracker().Add(running()); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	time.AfterFunc(500*time.Millisecond, func() {
		defer close(gone)
		if err := f.Kube.CoreV1().Pods(p.Namespace).Delete(t.Context(), "p", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	if err := End(t.Context(), f.Client, p.Job()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	default:
		t.Error("End returned while there was a pod")
	}
	job, err := f.Kube.BatchV1().Jobs(p.Namespace).Get(t.Context(), name(p.Run), metav1.GetOptions{})
	if err != nil || !*job.Spec.Suspend {
		t.Errorf("%v, the job may start another pod: %+v", err, job.Spec)
	}
}

// A pod that something holds is not waited for without end.
func TestEndOfAPodThatIsHeld(t *testing.T) {
	for _, seconds := range []*int64{nil, new(int64(300))} {
		synctest.Test(t, func(t *testing.T) {
			held, p, began := running(), testPlan(), time.Now()
			held.Spec.TerminationGracePeriodSeconds = seconds
			f := ksvctest.NewFakes(held)
			if err := Start(t.Context(), f.Client, p); err != nil {
				t.Fatal(err)
			}
			err := End(t.Context(), f.Client, p.Job())
			if err == nil || !strings.Contains(err.Error(), "pod bench/p is still there") || !strings.Contains(ksvc.Hint(err), "describe pod -n bench p") {
				t.Errorf("End = %v, hint %q", err, ksvc.Hint(err))
			}
			if took := time.Since(began); took < grace(held)+endPatience || took > grace(held)+endPatience+2*time.Second {
				t.Errorf("End gave up after %v, with a grace period of %v", took, grace(held))
			}
		})
	}
}

func TestHasLog(t *testing.T) {
	removed := func(p *corev1.Pod) *corev1.Pod {
		now := metav1.Now()
		p.DeletionTimestamp, p.Finalizers = &now, []string{"held"}
		return p
	}
	for name, c := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"running":          {running(), true},
		"ended":            {exited(0, "Completed"), true},
		"about to end":     {removed(running()), true},
		"about to go":      {removed(exited(0, "Completed")), false},
		"not started":      {waiting("ImagePullBackOff", "no such image"), false},
		"of another's run": {&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ksvctest.Space, Name: "q"}}, false},
	} {
		f := ksvctest.NewFakes(c.pod)
		if got, err := HasLog(t.Context(), f.Client, testJob); got != c.want || err != nil {
			t.Errorf("HasLog of a pod that is %s = %v, %v", name, got, err)
		}
	}
}
