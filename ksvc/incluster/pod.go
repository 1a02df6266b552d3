package incluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	ksvcwatch "github.com/kn-coldstart/kn-coldstart/ksvc/watch"
)

// pod is the pod of a run, as the watch knows it.
type pod struct {
	mu sync.Mutex
	// latest is the pod as it was seen last, and nil if there was none. gone says that it
	// is not there any more.
	latest  *corev1.Pod
	gone    bool
	changed feed.Signal
}

// followPod follows the pod until ctx ends.
func followPod(ctx context.Context, c *ksvc.Client, j Job) (*pod, error) {
	p, began := &pod{}, time.Now()
	ours := metav1.ListOptions{LabelSelector: ksvc.LabelInCluster + "=" + j.Run}
	s := feed.NewStream(feed.New(feed.Pods, ours, c.Kubernetes.CoreV1().Pods(j.Namespace)), p, nil, func() time.Duration { return time.Since(began) })
	first, err := s.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("watch the pod of run %s: %w", j.Run, err)
	}
	go s.Run(ctx, first)
	return p, nil
}

// Listed implements feed.Sink.
func (p *pod) Listed(objects []runtime.Object, _, _ time.Duration) {
	for _, o := range objects {
		p.Arrived(watch.Modified, o, 0)
	}
	if len(objects) == 0 {
		p.set(nil)
	}
}

// Arrived implements feed.Sink.
func (p *pod) Arrived(kind watch.EventType, o runtime.Object, _ time.Duration) {
	one, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	if kind == watch.Deleted {
		one = nil
	}
	p.set(one)
}

func (p *pod) set(latest *corev1.Pod) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = latest == nil && p.latest != nil
	if latest != nil {
		p.latest = latest
	}
	p.changed.Fire()
}

// stage is how far a pod is.
type stage struct {
	// pod is nil if there was none yet.
	pod *corev1.Pod
	// started says that there is, or was, a log, over that no line will be added, and gone
	// that the pod is not there any more.
	started, over, gone bool
	changed             <-chan struct{}
}

func (p *pod) stage() stage {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := stage{pod: p.latest, gone: p.gone, changed: p.changed.Next()}
	if p.latest == nil {
		return s
	}
	s.over = p.gone || p.latest.Status.Phase == corev1.PodSucceeded || p.latest.Status.Phase == corev1.PodFailed
	if c := container(p.latest); c != nil {
		s.over = s.over || c.State.Terminated != nil
		s.started = c.State.Running != nil
	}
	s.started = s.started || s.over
	return s
}

// containerName is that of the container in the template. Others may inject more.
const containerName = "kn-coldstart"

// container is the state of the run's container, or nil.
func container(p *corev1.Pod) *corev1.ContainerStatus {
	for i := range p.Status.ContainerStatuses {
		if c := &p.Status.ContainerStatuses[i]; c.Name == containerName {
			return c
		}
	}
	return nil
}

// trouble is what keeps the pod from starting.
func (s stage) trouble() ksvc.Trouble {
	if s.pod == nil {
		return ksvc.Trouble{}
	}
	return ksvcwatch.PodTrouble(s.pod)
}

// Ending is how the pod of a run ended.
type Ending struct {
	// Code is the exit code of the run, or -1 if it has none.
	Code int
	// Reason says why the pod ended, where it was not the run that ended it.
	Reason string
}

func (s stage) ending() Ending {
	c := container(s.pod)
	switch {
	case c != nil && c.State.Terminated != nil:
	case s.gone:
		return Ending{-1, "its pod was deleted"}
	default:
		return Ending{-1, "its pod ended: " + strings.TrimSpace(s.pod.Status.Reason+" "+s.pod.Status.Message)}
	}
	t := c.State.Terminated
	e := Ending{Code: int(t.ExitCode)}
	switch {
	case t.Reason != "Error" && t.Reason != "Completed":
		e.Reason = "its container ended: " + strings.TrimSpace(t.Reason+" "+t.Message)
	case t.ExitCode == killed:
		e.Reason = fmt.Sprintf("its container was killed, exit code %d", killed)
	}
	return e
}

// killed is the exit code of a container that a SIGKILL has ended.
const killed = 128 + 9
