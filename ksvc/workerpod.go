package ksvc

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
	"github.com/kn-coldstart/kn-coldstart/templates"
)

// indexOf is the place of a pod in its Job.
func indexOf(p *corev1.Pod) int {
	n, _ := strconv.Atoi(p.Annotations[batch.JobCompletionIndexAnnotation])
	return n
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

func hasEnded(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded
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
			ending := fmt.Sprintf("has ended: %s, exit code %d", s.Terminated.Reason, s.Terminated.ExitCode)
			return phrase.Join(ending, s.Terminated.Message)
		case s.Waiting != nil:
			return phrase.Join("waits", s.Waiting.Reason, s.Waiting.Message)
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return phrase.Join("is not scheduled", c.Message)
		}
	}
	return phrase.Join("is "+string(p.Status.Phase), p.Status.Reason, p.Status.Message)
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
