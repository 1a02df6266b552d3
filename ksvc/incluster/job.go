package incluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
)

// State is how far a run in the cluster is.
type State string

// The states of a run in the cluster.
const (
	Starting State = "starting"
	Running  State = "running"
	Ended    State = "ended"
)

// Job is a run in the cluster, or what is left of it.
type Job struct {
	Run, Namespace string
	// Command is the verb of its command line.
	Command string
	State   State
	Created time.Time
	// Finished is when Kubernetes saw the job end. It is zero if the job has not ended, or is gone.
	Finished time.Time
	// Gone says that there is no job any more, only roles outside its namespace.
	Gone bool
	// Grants says that the run has a service account of its own, with roles.
	Grants bool
}

// Job is the job of a plan.
func (p *Plan) Job() Job {
	return Job{Run: p.Run, Namespace: p.Namespace, State: Starting, Grants: p.ServiceAccount == ""}
}

// startLimit is how long a job may be suspended before it starts. One that is so for longer
// was left by somebody who was killed meanwhile.
const startLimit = time.Minute

// List says which runs there are in the client's namespace, or in all, in order of their
// age. Who may not list jobs, or bindings of roles, has none.
func List(ctx context.Context, c *ksvc.Client, allNamespaces bool) ([]Job, error) {
	in := c.Namespace
	if allNamespaces {
		in = metav1.NamespaceAll
	}
	ours := metav1.ListOptions{LabelSelector: ksvc.Selector() + "," + ksvc.LabelInCluster}
	jobs, err := c.Kubernetes.BatchV1().Jobs(in).List(ctx, ours)
	if err != nil && !apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("list jobs of runs: %w", err)
	}
	bindings, refused := c.Kubernetes.RbacV1().ClusterRoleBindings().List(ctx, ours)
	if refused != nil && !apierrors.IsForbidden(refused) {
		return nil, fmt.Errorf("list roles of runs: %w", refused)
	}
	var all []Job
	if err == nil {
		for i := range jobs.Items {
			all = append(all, jobOf(&jobs.Items[i]))
		}
	}
	if refused == nil {
		all = append(all, withoutJob(bindings.Items, in, all)...)
	}
	slices.SortFunc(all, func(a, b Job) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Run, b.Run)) })
	return all, nil
}

func jobOf(j *batch.Job) Job {
	found := Job{
		Run: j.Labels[ksvc.LabelRun], Namespace: j.Namespace, Created: j.CreationTimestamp.Time, State: Running,
		Grants: j.Spec.Template.Spec.ServiceAccountName == j.Name,
	}
	if containers := j.Spec.Template.Spec.Containers; len(containers) > 0 && len(containers[0].Args) > 0 {
		found.Command = containers[0].Args[0]
	}
	at := slices.IndexFunc(j.Status.Conditions, ksvc.EndsJob)
	switch {
	case at >= 0:
		found.State, found.Finished = Ended, j.Status.Conditions[at].LastTransitionTime.Time
	case j.Spec.Suspend != nil && *j.Spec.Suspend && !hasPod(j):
		found.State = Starting
		if time.Since(found.Created) > startLimit {
			found.State = Ended
		}
	}
	return found
}

// hasPod says whether a job has a pod that has not ended. One that is suspended while it
// has one was told to stop, and its run removes what it created.
func hasPod(j *batch.Job) bool {
	return j.Status.Active > 0 || j.Status.Terminating != nil && *j.Status.Terminating > 0
}

// withoutJob are the runs of whose roles the job is gone: Kubernetes removes a job some time
// after its end, and what is in its namespace with it.
func withoutJob(bindings []rbac.ClusterRoleBinding, in string, there []Job) []Job {
	var all []Job
	for _, b := range bindings {
		run := b.Labels[ksvc.LabelRun]
		known := slices.ContainsFunc(there, func(j Job) bool { return j.Run == run })
		if known || len(b.Subjects) != 1 || in != metav1.NamespaceAll && b.Subjects[0].Namespace != in {
			continue
		}
		all = append(all, Job{
			Run: run, Namespace: b.Subjects[0].Namespace, State: Ended, Created: b.CreationTimestamp.Time, Gone: true, Grants: true,
		})
	}
	return all
}

// ErrNoRun says that there is no such run in the cluster.
var ErrNoRun = errors.New("there is no such run in a pod of the namespace")

// Find is the run of an id in the client's namespace. Its error is ErrNoRun if there is
// none.
func Find(ctx context.Context, c *ksvc.Client, run string) (Job, error) {
	all, err := List(ctx, c, false)
	if err != nil {
		return Job{}, err
	}
	for _, j := range all {
		if j.Run == run && !j.Gone {
			return j, nil
		}
	}
	return Job{}, fmt.Errorf("%w %s: %s", ErrNoRun, c.Namespace, run)
}

// Stop asks the pod of a run to end: it gets the signal that lets it write its last lines
// and remove what it created. It says whether there is a pod.
func Stop(ctx context.Context, c *ksvc.Client, j Job) (bool, error) {
	if err := suspend(ctx, c, j.Namespace, j.Run, true); err != nil {
		return false, err
	}
	pods, err := podsOf(ctx, c, j)
	return len(pods) > 0, err
}

func podsOf(ctx context.Context, c *ksvc.Client, j Job) ([]corev1.Pod, error) {
	pods, err := c.Kubernetes.CoreV1().Pods(j.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ksvc.LabelInCluster + "=" + j.Run})
	if err != nil {
		return nil, fmt.Errorf("list pods of run %s: %w", j.Run, err)
	}
	return pods.Items, nil
}

// HasLog says whether there is a log of the run that another command can read: the run has a
// pod that has started, and of which Kubernetes does not remove what is left.
func HasLog(ctx context.Context, c *ksvc.Client, j Job) (bool, error) {
	pods, err := podsOf(ctx, c, j)
	return slices.ContainsFunc(pods, hasLog), err
}

func hasLog(p corev1.Pod) bool {
	s := (&pod{latest: &p}).stage()
	return s.started && (p.DeletionTimestamp == nil || !s.over)
}

// endPatience is how long a pod that was told to end may be there beyond its grace period, in
// which it removes what it created.
const endPatience = time.Minute

var adviseHeld = ksvc.NewAdvice("`kubectl describe pod -n %s %s` says what holds it; if its node is away for good, `kubectl delete pod -n %s %s --force` removes it, and `kn-coldstart clean -n %s --run %s` the rest")

// End stops the pod of a run, and returns when it is gone.
func End(ctx context.Context, c *ksvc.Client, j Job) error {
	if _, err := Stop(ctx, c, j); err != nil {
		return err
	}
	for began := time.Now(); ; {
		pods, err := podsOf(ctx, c, j)
		if err != nil || len(pods) == 0 {
			return err
		}
		if p := &pods[0]; time.Since(began) > grace(p)+endPatience {
			err := fmt.Errorf("end run %s: pod %s/%s is still there %v after its grace period of %v", j.Run, p.Namespace, p.Name, endPatience, grace(p))
			return ksvc.WithHint(err, adviseHeld.With(p.Namespace, p.Name, p.Namespace, p.Name, j.Namespace, j.Run))
		}
		if err := feed.Pause(ctx, nil, time.Second); err != nil {
			return err
		}
	}
}

// grace is how long a pod may take to end.
func grace(p *corev1.Pod) time.Duration {
	seconds := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if s := p.Spec.TerminationGracePeriodSeconds; s != nil {
		seconds = *s
	}
	return time.Duration(seconds) * time.Second
}
