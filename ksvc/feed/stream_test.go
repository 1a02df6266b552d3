package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// script is a feed whose lists and watches the test provides, one per session.
type script struct {
	mu      sync.Mutex
	lists   []any // *corev1.PodList or error
	watches []*watch.FakeWatcher
	asked   []metav1.ListOptions
}

func (s *script) feed() Feed {
	return Feed{Name: "pods", list: s.list, watch: s.open}
}

func (s *script) list(context.Context, metav1.ListOptions) (runtime.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.lists[0]
	s.lists = s.lists[1:]
	if err, failed := next.(error); failed {
		return nil, err
	}
	return next.(*corev1.PodList), nil
}

func (s *script) open(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, o)
	next := s.watches[0]
	s.watches = s.watches[1:]
	return next, nil
}

// opened is how many watches there were.
func (s *script) opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// journal is a sink that writes down what comes.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) write(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) Listed(objects []runtime.Object, at, since time.Duration) {
	line := "list at " + at.String() + " since " + since.String()
	for _, o := range objects {
		line += " " + o.(*corev1.Pod).Name
	}
	j.write(line)
}

func (j *journal) Arrived(kind watch.EventType, o runtime.Object, at time.Duration) {
	j.write(string(kind) + " " + o.(*corev1.Pod).Name + " at " + at.String())
}

func (j *journal) Heard(string, time.Duration) {}

func (j *journal) Down(_ string, at time.Duration, cause error) {
	j.write("down at " + at.String() + ": " + cause.Error())
}

func (j *journal) StillDown(_ string, cause error) { j.write("again: " + cause.Error()) }

func (j *journal) Up(_ string, at time.Duration) { j.write("up at " + at.String()) }

func podList(version string, names ...string) *corev1.PodList {
	l := &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: version}}
	for _, n := range names {
		l.Items = append(l.Items, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: n}})
	}
	return l
}

func TestStreamSurvivesDroppedWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, third := watch.NewFake(), watch.NewFake(), watch.NewFake()
		s := &script{
			lists:   []any{podList("10", "a"), errors.New("connection refused"), podList("20", "b"), podList("30")},
			watches: []*watch.FakeWatcher{first, second, third},
		}
		began := time.Now()
		j := &journal{}
		st := NewStream(s.feed(), j, j, func() time.Duration { return time.Since(began) })
		ctx, cancel := context.WithCancel(t.Context())
		w, err := st.Connect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		go st.Run(ctx, w)

		time.Sleep(time.Second)
		first.Add(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "c"}})
		time.Sleep(time.Second)
		first.Stop() // the API server goes away, and is back at the second try
		time.Sleep(time.Second)
		second.Action(watch.Bookmark, &corev1.Pod{})
		time.Sleep(time.Second)
		second.Error(&metav1.Status{Status: metav1.StatusFailure, Message: "too old", Code: 410, Reason: metav1.StatusReasonGone})
		synctest.Wait()
		third.Delete(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "b"}})
		synctest.Wait()
		cancel()
		synctest.Wait()

		want := []string{
			"list at 0s since -1ns a",
			"ADDED c at 1s",
			"down at 1s: the server closed it", // it may have been silent since
			"again: connection refused",
			"list at 2.05s since 1s b",
			"up at 2.05s",
			"down at 3s: too old", // the bookmark was the last sign of life
			"list at 4s since 3s",
			"up at 4s",
			"DELETED b at 4s",
		}
		if diff := cmp.Diff(want, j.lines); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
		var versions []string
		for _, o := range s.asked {
			versions = append(versions, o.ResourceVersion)
		}
		if !slices.Equal(versions, []string{"10", "20", "30"}) {
			t.Errorf("watched from versions %v, want 10 20 30", versions)
		}
	})
}

func TestStreamFailsToConnect(t *testing.T) {
	s := &script{lists: []any{errors.New("forbidden")}}
	st := NewStream(s.feed(), &journal{}, nil, func() time.Duration { return 0 })
	if _, err := st.Connect(t.Context()); err == nil || err.Error() != "list pods: forbidden" {
		t.Errorf("Connect() = %v, want list pods: forbidden", err)
	}
}
