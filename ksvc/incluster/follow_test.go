package incluster

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	batch "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kn-coldstart/kn-coldstart/ksvc"
	"github.com/kn-coldstart/kn-coldstart/ksvc/internal/ksvctest"
)

var testJob = Job{Run: ksvctest.Run, Namespace: ksvctest.Space}

// podIn is the pod of a run whose container is in a state. Another one was injected.
func podIn(state corev1.ContainerState) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: ksvctest.Space, Name: "p", Labels: map[string]string{ksvc.LabelInCluster: ksvctest.Run}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
			{Name: "injected", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
			{Name: containerName, State: state},
		}},
	}
}

func running() *corev1.Pod {
	return podIn(corev1.ContainerState{Running: &corev1.ContainerStateRunning{}})
}

func exited(code int32, reason string) *corev1.Pod {
	return podIn(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}})
}

func waiting(reason, message string) *corev1.Pod {
	return podIn(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}})
}

// kept keeps what Follow learns.
type kept struct{ lines, notices []string }

func (k *kept) Line(text []byte) error {
	k.lines = append(k.lines, string(text))
	return nil
}

func (k *kept) Notice(text string) { k.notices = append(k.notices, text) }

// followed reads a log of several streams. Before each of them the pod is in the state that
// stands beside it; a nil one is gone.
func followed(t *testing.T, pods []*corev1.Pod, streams []io.ReadCloser) (*kept, Ending, error) {
	t.Helper()
	sink, p := &kept{}, &pod{}
	p.set(pods[0])
	f := &follower{job: testJob, sink: sink, pod: p}
	n := 0
	f.log.open = func(context.Context, time.Time) (io.ReadCloser, error) {
		s := streams[n]
		if n++; n < len(pods) {
			p.set(pods[n])
		}
		if s == nil {
			return nil, errBroken
		}
		return s, nil
	}
	err := f.readAll(t.Context())
	if n != len(streams) {
		t.Errorf("%d streams were opened, want %d", n, len(streams))
	}
	return sink, p.stage().ending(), err
}

func TestFollow(t *testing.T) {
	for name, c := range map[string]struct {
		pods    []*corev1.Pod
		streams []io.ReadCloser
		lines   []string
		notices int
		ending  Ending
	}{
		"in one stream, and the rest": {
			[]*corev1.Pod{running(), exited(0, "Completed")}, []io.ReadCloser{stream(lines(1, 3), io.EOF), stream(lines(2, 4), io.EOF)},
			texts(1, 2, 3, 4), 0, Ending{},
		},
		"that has ended": {
			[]*corev1.Pod{exited(3, "Error")}, []io.ReadCloser{stream(lines(1, 3), io.EOF)}, texts(1, 2, 3), 0, Ending{Code: 3},
		},
		"while the API server is away": {
			[]*corev1.Pod{running(), running(), running(), exited(0, "Completed")},
			[]io.ReadCloser{stream(lines(1, 3), errBroken), nil, stream(lines(3, 5), errBroken), stream(lines(4, 6), io.EOF)},
			texts(1, 2, 3, 4, 5, 6), 1, Ending{},
		},
		"out of memory": {
			[]*corev1.Pod{exited(137, "OOMKilled")}, []io.ReadCloser{stream(lines(1, 2), io.EOF)},
			texts(1, 2), 0, Ending{137, "its container ended: OOMKilled"},
		},
		"killed": {
			[]*corev1.Pod{exited(137, "Error")}, []io.ReadCloser{stream(lines(1, 2), io.EOF)},
			texts(1, 2), 0, Ending{137, "its container was killed, exit code 137"},
		},
		"deleted at its end": {
			[]*corev1.Pod{running(), exited(3, "Error"), nil}, []io.ReadCloser{stream(lines(1, 2), io.EOF), nil, nil}, texts(1, 2), 1, Ending{Code: 3},
		},
		"deleted meanwhile": {
			[]*corev1.Pod{running(), nil}, []io.ReadCloser{stream(lines(1, 2), io.EOF), nil}, texts(1, 2), 0, Ending{-1, "its pod was deleted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink, ending, err := followed(t, c.pods, c.streams)
				if err != nil || ending != c.ending || len(sink.notices) != c.notices {
					t.Errorf("ended with %+v, %v, notices %q", ending, err, sink.notices)
				}
				if diff := cmp.Diff(c.lines, sink.lines); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A run that has ended, and whose pod is gone, has no log.
func TestFollowWithoutAPod(t *testing.T) {
	ended := testJob
	ended.State = Ended
	sink := &kept{}
	ending, err := Follow(t.Context(), ksvctest.NewFakes().Client, ended, sink)
	if want := (Ending{-1, noPod}); err != nil || ending != want || len(sink.lines) != 0 {
		t.Errorf("ended with %+v, %v, lines %q", ending, err, sink.lines)
	}
}

// When the container has ended, its log is not asked for without end.
func TestFollowGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pod{}
		p.set(exited(0, "Completed"))
		f := &follower{job: testJob, sink: &kept{}, pod: p}
		f.log.open = func(context.Context, time.Time) (io.ReadCloser, error) { return nil, errBroken }
		began := time.Now()
		if err := f.readAll(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("readAll = %v", err)
		}
		if took := time.Since(began); took < lastPatience || took > 2*lastPatience {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAwaitStart(t *testing.T) {
	start := func(t *testing.T, o ...runtime.Object) (*kept, *pod, error) {
		t.Helper()
		sink, p := &kept{}, &pod{}
		f := &follower{client: ksvctest.NewFakes(o...).Client, job: testJob, sink: sink, pod: p}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if len(o) > 0 {
			if one, ok := o[0].(*corev1.Pod); ok {
				p.set(one)
				time.AfterFunc(time.Minute, func() { p.Arrived(watch.Modified, running(), 0) })
			}
		}
		return sink, p, f.awaitStart(ctx)
	}
	bubble := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
	bubble("after a while", func(t *testing.T) {
		if sink, p, err := start(t, waiting("ErrImagePull", "try again")); err != nil || !p.stage().started || len(sink.notices) != 1 {
			t.Errorf("awaitStart = %v, notices %q", err, sink.notices)
		}
	})
	bubble("never", func(t *testing.T) {
		_, _, err := start(t, waiting("ErrImageNeverPull", "no image"))
		var never *NotStartedError
		if !errors.As(err, &never) || ksvc.Hint(err) == "" {
			t.Errorf("awaitStart = %v, hint %q", err, ksvc.Hint(err))
		}
	})
	bubble("no pod", func(t *testing.T) {
		refused := &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: ksvctest.Space, Name: "e"}, Type: corev1.EventTypeWarning,
			InvolvedObject: corev1.ObjectReference{Kind: "Job", Name: name(ksvctest.Run)}, Message: "exceeded quota",
		}
		_, _, err := start(t, refused)
		var never *NotStartedError
		if !errors.As(err, &never) || !strings.HasSuffix(err.Error(), ": exceeded quota") {
			t.Errorf("awaitStart = %v", err)
		}
	})
	bubble("never let start", func(t *testing.T) {
		yes := true
		left := &batch.Job{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: ksvctest.Space, Name: name(ksvctest.Run), Labels: (&Plan{Run: ksvctest.Run}).labels(),
				CreationTimestamp: metav1.NewTime(time.Now().Add(-startLimit - time.Second)),
			},
			Spec: batch.JobSpec{Suspend: &yes},
		}
		f := &follower{client: ksvctest.NewFakes(left).Client, job: jobOf(left), sink: &kept{}, pod: &pod{}}
		err := f.awaitStart(t.Context())
		var never *NotStartedError
		if !errors.As(err, &never) || !strings.HasSuffix(err.Error(), noPod) {
			t.Errorf("awaitStart = %v", err)
		}
	})
}

// A pod that is there and then is not was deleted. One that is not there yet was not.
func TestPodThatIsGone(t *testing.T) {
	p := &pod{}
	p.Listed(nil, 0, -1)
	if s := p.stage(); s.over || s.started {
		t.Errorf("before it is created it is %+v", s)
	}
	p.Listed([]runtime.Object{running()}, 0, 0)
	if s := p.stage(); s.over || !s.started {
		t.Errorf("it runs, and is %+v", s)
	}
	p.Listed(nil, 0, 0)
	if s := p.stage(); !s.over || s.ending().Code != -1 {
		t.Errorf("it is gone, and is %+v, %+v", s, s.ending())
	}
}
