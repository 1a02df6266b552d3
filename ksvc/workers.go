package ksvc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"time"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

const (
	// LabelWorker is on the workers of a run, and on nothing else.
	LabelWorker = "kn-coldstart.dev/worker"
	// LabelInCluster has the run's id on all that belongs to a run in a pod. It is the only
	// label of that pod itself: with LabelRun the run would wait until its own pod is gone.
	LabelInCluster = "kn-coldstart.dev/in-cluster"
)

// Workers are those of one run: a Job, its pods, and a Secret that goes with the Job.
type Workers struct {
	client *Client
	run    string
	wanted record.Workers
	token  string
}

// replacements is how many pods may take the place of each worker in a run, one after the
// other.
const replacements = 3

// workersStart is after how long Kubernetes ends workers of which not all were Ready yet. It is
// for those whose run was killed meanwhile: a worker that runs ends by itself if nobody leads
// it, and one that cannot start does not. It is far more than Await has patience, and Await
// takes it away.
const workersStart = time.Hour

// NewWorkers are the workers of a run. Nothing is created yet.
func (c *Client) NewWorkers(run string, w record.Workers) *Workers {
	return &Workers{client: c, run: run, wanted: w, token: rand.Text()}
}

// jobName is that of the Job and of the Secret.
func (w *Workers) jobName() string { return "kn-coldstart-workers-" + w.run }

// selector matches the workers' Job and its pods.
func (w *Workers) selector() metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: Selector(w.run) + "," + LabelWorker}
}

// Create creates the Job and the Secret. What was created stays until Delete.
func (w *Workers) Create(ctx context.Context) error {
	job, err := w.render()
	if err == nil {
		job.OwnerReferences, err = w.owner(ctx)
	}
	if err == nil {
		job, err = w.createJob(ctx, job)
	}
	if err == nil {
		err = w.createSecret(ctx, job)
	}
	if err != nil {
		return WithHint(fmt.Errorf("create workers %s/%s: %w", w.client.Namespace, w.jobName(), err), createAdvice(err, w.client.Namespace))
	}
	return nil
}

// render makes the Job. An unknown field is an error, as of services.
func (w *Workers) render() (*batch.Job, error) {
	if err := ValidateRun(w.run); err != nil {
		return nil, err
	}
	ours := runLabels(w.run, "", "")
	labels := maps.Clone(ours)
	labels[LabelWorker] = "true"
	values := templates.Workers{
		Name: w.jobName(), Namespace: w.client.Namespace, Image: w.wanted.Image, Count: w.wanted.Count,
		Labels: labels, Functions: ours, WorkerLabel: LabelWorker, NodeSelector: w.wanted.NodeSelector,
		StartLimit: workersStart,
	}
	if w.wanted.Replaced {
		values.Replacements = replacements
	}
	text, err := templates.RenderWorkers(values)
	if err != nil {
		return nil, err
	}
	var job batch.Job
	if err := yaml.UnmarshalStrict(text, &job); err != nil {
		return nil, fmt.Errorf("render the job: %w", err)
	}
	return &job, nil
}

// owner is the Job in whose pod the run takes place, if it does in one. When that is removed,
// Kubernetes removes the workers, too, although the run may have died.
func (w *Workers) owner(ctx context.Context) ([]metav1.OwnerReference, error) {
	list, err := listed(ctx, func() (*batch.JobList, error) {
		return w.client.Kubernetes.BatchV1().Jobs(w.client.Namespace).List(ctx, metav1.ListOptions{LabelSelector: Selector(w.run) + "," + LabelInCluster})
	})
	if err != nil {
		return nil, fmt.Errorf("look for the job of the run: %w", err)
	}
	var all []metav1.OwnerReference
	for i := range list.Items {
		all = append(all, ownedBy(&list.Items[i]))
	}
	return all, nil
}

// ownedBy has an object go with a Job.
func ownedBy(job *batch.Job) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: job.UID}
}

// createJob creates the Job. A request that is under way when ctx ends is waited for, as
// that of a service.
func (w *Workers) createJob(ctx context.Context, job *batch.Job) (created *batch.Job, err error) {
	jobs := w.client.Kubernetes.BatchV1().Jobs(w.client.Namespace)
	err = retryBusy(ctx, createBackoff, func() (err error) {
		request, cancel := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
		defer cancel()
		created, err = jobs.Create(request, job, metav1.CreateOptions{})
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		// The answer before was lost: the name is the run's.
		list, failed := jobs.List(request, w.selector())
		if failed == nil && len(list.Items) == 1 {
			created, err = &list.Items[0], nil
		}
		return errors.Join(err, failed)
	})
	return created, err
}

// createSecret creates the Secret. It comes after the Job, with which it is removed. The
// kubelet waits for it.
func (w *Workers) createSecret(ctx context.Context, job *batch.Job) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: w.jobName(), Namespace: w.client.Namespace, Labels: job.Labels,
			OwnerReferences: []metav1.OwnerReference{ownedBy(job)},
		},
		StringData: map[string]string{"token": w.token},
	}
	return retryBusy(ctx, createBackoff, func() error {
		request, cancel := context.WithTimeout(context.WithoutCancel(ctx), createLimit)
		defer cancel()
		_, err := w.client.Kubernetes.CoreV1().Secrets(w.client.Namespace).Create(request, secret, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil // the answer before was lost
		}
		return err
	})
}

// Delete removes the workers, and returns when they are gone.
func (w *Workers) Delete(ctx context.Context) error {
	d := &deletion{client: w.client, runs: []string{w.run}, namespace: w.client.Namespace}
	ctx, cancel := context.WithTimeout(ctx, workersLimit)
	defer cancel()
	gone := newDeparture(traceOf(ctx), func(int, int) {})
	err := gone.arm(ctx, []feed.Feed{feed.New(feed.Pods, w.selector(), w.client.Kubernetes.CoreV1().Pods(w.client.Namespace))})
	err = errors.Join(err, d.deleteJobs(ctx))
	if err == nil {
		err = gone.wait(ctx)
	}
	if err != nil {
		_, left := gone.result()
		return WithHint(fmt.Errorf("remove workers %s/%s: %w: %s", w.client.Namespace, w.jobName(), err, left), adviseDeleteAgain)
	}
	return nil
}

// deleteJobs asks for the deletion of the Jobs of workers. Who may not see Jobs has had no
// workers.
func (d *deletion) deleteJobs(ctx context.Context) error {
	var list *batch.JobList
	ofWorkers := d.selector()
	ofWorkers.LabelSelector += "," + LabelWorker // and not of runs in pods
	err := retryPassing(ctx, func() (err error) {
		list, err = d.client.Kubernetes.BatchV1().Jobs(d.namespace).List(ctx, ofWorkers)
		return err
	})
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	background := metav1.DeletePropagationBackground
	return parallel(ctx, list.Items, nil, func(ctx context.Context, j batch.Job) error {
		err := retryPassing(ctx, func() error {
			return d.client.Kubernetes.BatchV1().Jobs(j.Namespace).Delete(ctx, j.Name, metav1.DeleteOptions{PropagationPolicy: &background})
		})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete job %s/%s: %w", j.Namespace, j.Name, err)
		}
		return nil
	})
}
