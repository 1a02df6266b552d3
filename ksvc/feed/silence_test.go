package feed

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// heard is a journal with signs of life in it.
type heard struct{ journal }

func (h *heard) Heard(_ string, at time.Duration) { h.write("heard at " + at.String()) }

// A watch that falls silent is lost where bookmarks would come. Where none come it is lost
// if a list shows what it did not bring, or cannot be had.
func TestASilentWatch(t *testing.T) {
	for _, test := range []struct {
		name string
		play func(*watch.FakeWatcher)
		list any // what the API server lists after the silence
		want []string
	}{
		{
			name: "bookmarks came, and then nothing", list: podList("20", "a"),
			play: func(w *watch.FakeWatcher) {
				time.Sleep(time.Minute)
				w.Action(watch.Bookmark, &corev1.Pod{})
			},
			want: []string{"heard at 1m0s", "down at 1m0s: it was silent for 1m30s", "heard at 2m30s", "list at 2m30s since 1m0s a", "up at 2m30s"},
		},
		{
			name: "bookmarks keep it up",
			play: func(w *watch.FakeWatcher) {
				for range 3 {
					time.Sleep(time.Minute)
					w.Action(watch.Bookmark, &corev1.Pod{})
				}
			},
			want: []string{"heard at 1m0s", "heard at 2m0s", "heard at 3m0s"},
		},
		{
			name: "no bookmarks, and nothing happened", list: podList("20", "a"), play: func(*watch.FakeWatcher) {},
			want: []string{"heard at 1m30s"},
		},
		{
			name: "no bookmarks, and what came is what is listed", list: podList("20", "a", "b"),
			play: func(w *watch.FakeWatcher) {
				w.Add(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "b"}})
				w.Add(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "c"}})
				w.Delete(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "c"}})
			},
			want: []string{"ADDED b at 0s", "heard at 0s", "ADDED c at 0s", "heard at 0s", "DELETED c at 0s", "heard at 0s", "heard at 1m30s"},
		},
		{
			name: "no bookmarks, and a change was lost", list: podList("20", "a", "b"), play: func(*watch.FakeWatcher) {},
			want: []string{"down at 0s: it was silent for 1m30s", "heard at 1m30s", "list at 1m30s since 0s a b", "up at 1m30s"},
		},
		{
			name: "no bookmarks, and no list", list: errors.New("no route to host"), play: func(*watch.FakeWatcher) {},
			want: []string{"down at 0s: it was silent for 1m30s", "heard at 1m30s", "list at 1m30s since 0s a b", "up at 1m30s"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := watch.NewFake()
				s := &script{
					lists:   []any{podList("10", "a"), test.list, podList("30", "a", "b")},
					watches: []*watch.FakeWatcher{first, watch.NewFake()},
				}
				began, j := time.Now(), &heard{}
				st := NewStream(s.feed(), j, j, func() time.Duration { return time.Since(began) })
				ctx, cancel := context.WithCancel(t.Context())
				w, err := st.Connect(ctx)
				if err != nil {
					t.Fatal(err)
				}
				go st.Run(ctx, w)
				test.play(first)
				time.Sleep(silenceLimit - time.Nanosecond)
				if synctest.Wait(); s.opened() != 1 {
					t.Errorf("%d watches before the limit, want 1", s.opened())
				}
				if test.list != nil {
					time.Sleep(time.Nanosecond)
					synctest.Wait()
				}
				cancel()
				synctest.Wait()
				start := []string{"heard at 0s", "list at 0s since -1ns a"}
				if diff := cmp.Diff(append(start, test.want...), j.lines); diff != "" {
					t.Errorf("journal (-want +got):\n%s", diff)
				}
			})
		})
	}
}
