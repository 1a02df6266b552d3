package ksvc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

const (
	// workersLimit is how long it may take until one more worker has a node, or is Ready, and
	// until all are removed.
	workersLimit = 2 * time.Minute
	// nodeLimit takes its place while a worker has no node. A cluster that adds nodes takes
	// minutes.
	nodeLimit = 5 * time.Minute
	// workersNotice is after how long without either it is told what workers lack. A Job takes
	// up to 10 s to replace a pod.
	workersNotice = 15 * time.Second
	// workersPause is how often workers are looked at meanwhile. They are few, and nothing is
	// measured by it.
	workersPause = 200 * time.Millisecond
)

var (
	adviseWorkers   = NewAdvice("`kubectl get events -n %s` has what Kubernetes said about the workers")
	adviseEnded     = NewAdvice("check that --worker-image is an image of kn-coldstart; `kubectl get events -n %s` has what Kubernetes said about its pods")
	adviseWorkImage = NewAdvice("name an image of kn-coldstart that the nodes can pull with --worker-image")
)

// imageReasons say that there is no such image. That a Secret is not there yet is no reason to
// give up.
var imageReasons = []string{"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName"}

// Await returns the workers once all are Ready. If they get no pods or no nodes for a while,
// waiting is told why, once.
func (w *Workers) Await(ctx context.Context, progress Progress, waiting func(why string)) ([]record.Worker, error) {
	began, most, told := time.Now(), 0, false
	for {
		s, err := w.see(ctx)
		if err != nil {
			return nil, err
		}
		if progress != nil {
			progress(len(s.ready), w.wanted.Count)
		}
		if len(s.ready) >= w.wanted.Count {
			return w.reached(s.ready), w.liftLimit(ctx)
		}
		if n := s.headway(); n > most {
			most, began = n, time.Now()
		}
		waited := time.Since(began)
		if err := w.giveUp(ctx, s, waited); err != nil {
			return nil, err
		}
		if !told && waited > workersNotice && s.stuck() {
			told = true
			waiting(w.describe(ctx, s))
		}
		if err := feed.Pause(ctx, nil, workersPause); err != nil {
			return nil, err
		}
	}
}

// giveUp is why workers are awaited no longer, or nil.
func (w *Workers) giveUp(ctx context.Context, s sight, waited time.Duration) error {
	for i := range s.awaited {
		p := &s.awaited[i]
		if t := waitingFor(p); slices.Contains(imageReasons, t.Reason) {
			return WithHint(fmt.Errorf("worker %s: %s: %s", p.Name, t.Reason, t.Message), adviseWorkImage)
		}
	}
	if s.missing() > 0 {
		over, err := w.over(ctx)
		if err != nil {
			return err
		}
		if over {
			err := fmt.Errorf("wait for %d workers: no more pods are created: %s", w.wanted.Count, w.describe(ctx, s))
			return WithHint(err, adviseEnded.With(w.client.Namespace))
		}
	}
	if waited > s.limit() {
		err := fmt.Errorf("wait for %d workers: %w", w.wanted.Count, &TimeoutError{Waited: waited, Last: w.describe(ctx, s)})
		return WithHint(err, adviseWorkers.With(w.client.Namespace))
	}
	return nil
}

// over says that pods that are missing will not come: the Job has ended or is gone, or one of its
// indexes is done with, because its pods have failed too often or one has ended in good order.
func (w *Workers) over(ctx context.Context) (bool, error) {
	list, err := listed(ctx, func() (*batch.JobList, error) {
		return w.client.Kubernetes.BatchV1().Jobs(w.client.Namespace).List(ctx, w.selector())
	})
	if err != nil {
		return false, fmt.Errorf("look for the job of the workers: %w", err)
	}
	if len(list.Items) == 0 {
		return true, nil
	}
	j := &list.Items[0]
	failed := j.Status.FailedIndexes
	return JobFinished(j) || j.Status.CompletedIndexes != "" || failed != nil && *failed != "", nil
}

// liftLimit has workers that are Ready stay for as long as the run takes.
func (w *Workers) liftLimit(ctx context.Context) error {
	err := retryBusy(ctx, createBackoff, func() error { return w.client.LiftJobLimit(ctx, w.client.Namespace, w.jobName()) })
	if err != nil {
		return WithHint(fmt.Errorf("have the workers stay: %w", err), createAdvice(err, w.client.Namespace))
	}
	return nil
}

// sight is how workers are at one moment.
type sight struct {
	wanted int
	// ready are the pods that are Ready, and awaited those that are not yet, in the order of
	// their indexes.
	ready, awaited []corev1.Pod
	// ended is the latest pod that has ended and in whose place there is no other, or nil.
	ended *corev1.Pod
}

// see looks at the workers. Pods that are being deleted count as gone.
func (w *Workers) see(ctx context.Context) (sight, error) {
	list, err := listed(ctx, func() (*corev1.PodList, error) {
		return w.client.Kubernetes.CoreV1().Pods(w.client.Namespace).List(ctx, w.selector())
	})
	if err != nil {
		return sight{}, fmt.Errorf("list workers: %w", err)
	}
	s, taken := sight{wanted: w.wanted.Count}, map[int]bool{}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return indexOf(&a) - indexOf(&b) })
	for i := range list.Items {
		switch p := &list.Items[i]; {
		case p.DeletionTimestamp != nil || hasEnded(p):
			continue
		case isReady(p):
			s.ready = append(s.ready, *p)
		default:
			s.awaited = append(s.awaited, *p)
		}
		taken[indexOf(&list.Items[i])] = true
	}
	for i := range list.Items {
		p := &list.Items[i]
		if hasEnded(p) && !taken[indexOf(p)] && (s.ended == nil || s.ended.CreationTimestamp.Before(&p.CreationTimestamp)) {
			s.ended = p
		}
	}
	return s, nil
}

// missing is how many workers have no pod.
func (s *sight) missing() int { return max(0, s.wanted-len(s.ready)-len(s.awaited)) }

// unscheduled is how many pods have no node.
func (s *sight) unscheduled() int {
	n := 0
	for i := range s.awaited {
		if s.awaited[i].Spec.NodeName == "" {
			n++
		}
	}
	return n
}

// headway grows with each worker that gets a node, and with each that becomes Ready.
func (s *sight) headway() int { return 2*len(s.ready) + len(s.awaited) - s.unscheduled() }

// stuck says that it is not the workers themselves that take long.
func (s *sight) stuck() bool { return s.unscheduled() > 0 || s.missing() > 0 && s.ended == nil }

// limit is how long it may be as it is.
func (s *sight) limit() time.Duration {
	if s.unscheduled() > 0 {
		return nodeLimit
	}
	return workersLimit
}

// describe is how the workers are, in words. Of those that wait for the same one is named.
func (w *Workers) describe(ctx context.Context, s sight) string {
	all := []string{fmt.Sprintf("%d of %d are Ready", len(s.ready), s.wanted)}
	named := map[string]bool{}
	for i := range s.awaited {
		if state := stateOf(&s.awaited[i]); !named[state] {
			named[state] = true
			all = append(all, "worker "+s.awaited[i].Name+" "+state)
		}
	}
	if s.ended != nil {
		all = append(all, "worker "+s.ended.Name+" "+stateOf(s.ended))
	}
	if n := s.missing(); n > 0 {
		all = append(all, phrase.Join(fmt.Sprintf("%d without a pod", n), w.client.JobWarning(ctx, w.client.Namespace, w.jobName())))
	}
	return strings.Join(all, "; ")
}
