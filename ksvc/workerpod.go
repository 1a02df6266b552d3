package ksvc

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

const (
	// workersLimit is how long workers may take to be Ready, or to be replaced.
	workersLimit = 2 * time.Minute
	// workersPause is how often they are looked at meanwhile. They are few, and nothing is
	// measured by it.
	workersPause = 200 * time.Millisecond
)

var (
	adviseWorkers   = NewAdvice("look at the pods with `kubectl describe pods -n %s -l " + LabelWorker + "`")
	adviseWorkImage = NewAdvice("name an image of kn-coldstart that the nodes can pull with --worker-image")
)

// imageReasons say that there is no such image. That a Secret is not there yet is no reason to
// give up.
var imageReasons = []string{"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName"}

// indexOf is the place of a pod in its Job.
func indexOf(p *corev1.Pod) int {
	n, _ := strconv.Atoi(p.Annotations[batch.JobCompletionIndexAnnotation])
	return n
}

// Await returns the workers once all are Ready.
func (w *Workers) Await(ctx context.Context, progress Progress) ([]record.Worker, error) {
	began, last := time.Now(), "no pod"
	for {
		pods, err := w.pods(ctx)
		if err != nil {
			return nil, err
		}
		ready := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return !isReady(&p) })
		if progress != nil {
			progress(len(ready), w.wanted.Count)
		}
		if len(ready) == w.wanted.Count {
			return w.reached(ready), nil
		}
		for i := range pods {
			t := waitingFor(&pods[i])
			if slices.Contains(imageReasons, t.Reason) {
				return nil, WithHint(fmt.Errorf("worker %s: %s: %s", pods[i].Name, t.Reason, t.Message), adviseWorkImage)
			}
			if !isReady(&pods[i]) {
				last = "worker " + pods[i].Name + " " + stateOf(&pods[i])
			}
		}
		if waited := time.Since(began); waited > workersLimit {
			err := fmt.Errorf("wait for %d workers: %w", w.wanted.Count, &TimeoutError{Waited: waited, Last: last})
			return nil, WithHint(err, adviseWorkers.With(w.client.Namespace))
		}
		if err := feed.Pause(ctx, nil, workersPause); err != nil {
			return nil, err
		}
	}
}

// reached are the workers in the pods.
func (w *Workers) reached(pods []corev1.Pod) []record.Worker {
	var all []record.Worker
	for _, p := range pods {
		all = append(all, record.Worker{Name: p.Name, Node: p.Spec.NodeName, Token: w.token})
	}
	return all
}

// Transport reaches a worker.
func (w *Workers) Transport(name string) http.RoundTripper {
	pod := fmt.Sprintf("%s:%d", name, templates.WorkerPort)
	return &podTransport{client: w.client, path: path.Join("api/v1/namespaces", w.client.Namespace, "pods", pod, "proxy")}
}

// State says in words how a worker is, or nothing if it is well.
func (w *Workers) State(ctx context.Context, name string) string {
	o := metav1.ListOptions{FieldSelector: "metadata.name=" + name}
	list, err := w.client.Kubernetes.CoreV1().Pods(w.client.Namespace).List(ctx, o)
	switch {
	case err != nil:
		return ""
	case len(list.Items) == 0:
		return "its pod was deleted"
	case list.Items[0].DeletionTimestamp != nil:
		return "its pod is being deleted"
	case isReady(&list.Items[0]):
		return ""
	}
	return "its pod " + stateOf(&list.Items[0])
}

func isReady(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// waitingFor is what a pod says that keeps it from running.
func waitingFor(p *corev1.Pod) Trouble {
	for _, c := range p.Status.ContainerStatuses {
		if s := c.State.Waiting; s != nil {
			return NewTrouble(s.Reason, s.Message)
		}
	}
	return Trouble{}
}

// stateOf is how a pod is, in words.
func stateOf(p *corev1.Pod) string {
	for _, c := range p.Status.ContainerStatuses {
		switch s := c.State; {
		case s.Terminated != nil:
			return fmt.Sprintf("has ended: %s, exit code %d", s.Terminated.Reason, s.Terminated.ExitCode)
		case s.Waiting != nil:
			return "waits: " + s.Waiting.Reason
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "is not scheduled: " + c.Message
		}
	}
	return "is " + string(p.Status.Phase)
}

// podTransport reaches a pod through the API server, whatever host a request is for. So the
// pod needs no way in, and the user no other permission.
type podTransport struct {
	client *Client
	// path is the pod's, below that of the API server.
	path string
}

// RoundTrip implements http.RoundTripper.
func (t *podTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	to := *t.client.server
	to.Path = path.Join("/", to.Path, t.path, r.URL.Path)
	r.URL, r.Host = &to, ""
	return t.client.transport.RoundTrip(r)
}
