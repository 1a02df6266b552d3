package incluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/feed"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/phrase"
)

// Sink takes what Follow learns. Its methods are called from one goroutine.
type Sink interface {
	// Line takes a line of the log. Its error ends Follow.
	Line(text []byte) error
	// Notice takes what people should know of the pod.
	Notice(text string)
}

const (
	// logPause is between two streams of a log.
	logPause = time.Second
	// lastPatience is how long the rest of a log is asked for when its container has ended.
	lastPatience = time.Minute
	// podPatience is how long there may be no pod.
	podPatience = time.Minute
)

// Follow gives the lines of a run's log to the sink, from the first one on, until its pod
// has ended and there are no more. It goes on when the API server, or the way to it, is away
// for a while. When ctx ends, it returns the error of ctx, and the run goes on.
func Follow(ctx context.Context, c *ksvc.Client, j Job, sink Sink) (Ending, error) {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	p, err := followPod(watching, c, j)
	if err != nil {
		return Ending{}, err
	}
	if j.State == Ended && p.stage().pod == nil {
		return Ending{-1, noPod}, nil
	}
	f := &follower{client: c, job: j, sink: sink, pod: p}
	if err := f.awaitStart(ctx); err != nil {
		return Ending{}, err
	}
	if err := liftLimit(ctx, c, j); err != nil && ctx.Err() == nil {
		f.notice(fmt.Sprintf("Kubernetes ends the run if it takes more than %.0f h: %v", StartLimit.Hours(), err))
	}
	f.log.open = f.open
	err = f.readAll(ctx)
	switch {
	case err == nil:
		return p.stage().ending(), nil
	case ctx.Err() != nil:
		return Ending{}, ctx.Err()
	}
	return Ending{}, fmt.Errorf("read the log of run %s: %w", j.Run, err)
}

// follower is one Follow.
type follower struct {
	client *ksvc.Client
	job    Job
	sink   Sink
	pod    *pod
	log    log
	// told is the latest notice.
	told string
}

// notice tells the sink what it does not know yet.
func (f *follower) notice(text string) {
	if text != f.told {
		f.told = text
		f.sink.Notice(text)
	}
}

// NotStartedError says that the pod of a run did not start, and will not.
type NotStartedError struct{ error }

func (e *NotStartedError) Unwrap() error { return e.error }

// awaitStart returns when the container has started. It fails if it never will.
func (f *follower) awaitStart(ctx context.Context) error {
	for deadline := time.Now().Add(podPatience); ; {
		s := f.pod.stage()
		if s.started {
			return nil
		}
		if t := s.trouble(); t.Hopeless() {
			return &NotStartedError{ksvc.WithHint(fmt.Errorf("start the pod of run %s: %s", f.job.Run, t.Message), t.Advice())}
		} else if !t.None() {
			f.notice("the pod of the run waits: " + t.Message)
		}
		if s.pod == nil && time.Now().After(deadline) {
			return &NotStartedError{fmt.Errorf("start the pod of run %s: %s", f.job.Run, f.whyNoPod(ctx))}
		}
		if err := feed.Pause(ctx, s.changed, time.Second); err != nil {
			return err
		}
	}
}

// noPod is why a run that has ended has no pod.
const noPod = "there is no pod of it: the command that created it was killed before it was done, or the pod was deleted"

// whyNoPod says why there is no pod yet.
func (f *follower) whyNoPod(ctx context.Context) string {
	if now, err := Find(ctx, f.client, f.job.Run); err == nil && now.State == Ended {
		return noPod
	}
	return phrase.Join(fmt.Sprintf("none was created within %v", podPatience), f.client.JobWarning(ctx, f.job.Namespace, name(f.job.Run)))
}

// readAll reads one stream of the log after the other. The last one begins when the
// container has ended.
func (f *follower) readAll(ctx context.Context) error {
	var broken time.Time // since when streams fail
	for {
		s := f.pod.stage()
		err := f.log.read(ctx, f.sink.Line)
		var taking *emitError
		switch {
		case errors.As(err, &taking):
			return taking.error
		case ctx.Err() != nil:
			return ctx.Err()
		case s.over && (err == nil || s.gone):
			return nil
		case err == nil:
			broken = time.Time{}
		default:
			if broken.IsZero() {
				broken = time.Now()
				f.notice("the log of the run broke off, and is asked for again: " + err.Error())
			}
			if s.over && time.Since(broken) > lastPatience {
				return err
			}
		}
		if err := feed.Pause(ctx, s.changed, logPause); err != nil {
			return err
		}
	}
}

// open opens a stream of the pod's log.
func (f *follower) open(ctx context.Context, since time.Time) (io.ReadCloser, error) {
	s := f.pod.stage()
	o := &corev1.PodLogOptions{Container: containerName, Follow: true, Timestamps: true}
	if !since.IsZero() {
		o.SinceTime = &metav1.Time{Time: since}
	}
	return f.client.Kubernetes.CoreV1().Pods(f.job.Namespace).GetLogs(s.pod.Name, o).Stream(ctx)
}
