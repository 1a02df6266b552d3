package worker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
)

// One message is on its way at a time. The next has what came up meanwhile, in its order, and
// what did not get through is sent once more.
func TestReadyIsToldInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHerald()
		var sizes []int
		var told []string
		failures := 1
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.run(ctx, func(_ context.Context, some []instance) error {
				time.Sleep(time.Millisecond)
				if sizes = append(sizes, len(some)); len(sizes) == 3 && failures > 0 {
					failures--
					return errors.New("the connection broke")
				}
				for _, one := range some {
					told = append(told, one.Pod)
				}
				return nil
			})
		}()
		var want []string
		for i := range 1201 {
			pod := fmt.Sprintf("h-%d-00001-deployment-a", i)
			want = append(want, pod)
			h.add(instance{Pod: pod})
			h.add(instance{Pod: pod, Since: time.Second})
			if i == 0 {
				synctest.Wait()
			}
		}
		time.Sleep(time.Minute)
		cancel()
		<-done
		if diff := cmp.Diff([]int{1, mostTold, mostTold, mostTold, 200}, sizes); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("instances (-want +got):\n%s", diff)
		}
	})
}

// counting is a transport to a worker in this process.
type counting struct {
	server            *Server
	at, most, answers atomic.Int32
	hangs             atomic.Bool
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	n := c.at.Add(1)
	defer c.at.Add(-1)
	c.most.Store(max(c.most.Load(), n))
	if c.hangs.Load() {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	time.Sleep(time.Millisecond)
	w := httptest.NewRecorder()
	c.server.ServeHTTP(w, r)
	c.answers.Add(1)
	return w.Result(), nil
}

// However many instances get Ready at once, a worker is sent one message at a time, and none
// any more once it has left the team or the team has ended.
func TestReadyIsToldToMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ways := map[string]*counting{"a": {server: NewServer("secret", "test")}, "b": {server: NewServer("secret", "test")}}
		team := New(ctx, record.NewClock(), func(record.Event) {}, func(name string) http.RoundTripper { return ways[name] }, nil)
		a, b := record.Worker{Name: "a", Token: "secret"}, record.Worker{Name: "b", Token: "secret"}
		if err := team.Join(ctx, []record.Worker{a, b}); err != nil {
			t.Fatal(err)
		}
		asked := ways["a"].answers.Load()
		var telling sync.WaitGroup
		for i := range 1000 {
			telling.Go(func() { team.TellReady(fmt.Sprintf("h-%d-00001-deployment-a", i), time.Duration(i)) })
		}
		telling.Wait()
		time.Sleep(time.Second)
		for name, way := range ways {
			known := 0
			for i := range 1000 {
				if way.server.instances.wasReady(fmt.Sprintf("h-%d-00001-deployment-a", i), time.Hour) {
					known++
				}
			}
			if messages := way.answers.Load() - asked; known != 1000 || messages > 4 || way.most.Load() != 1 {
				t.Errorf("%s knows %d instances, after %d messages, %d at a time", name, known, messages, way.most.Load())
			}
		}
		if err := team.Join(ctx, []record.Worker{b}); err != nil {
			t.Fatal(err)
		}
		ways["b"].hangs.Store(true)
		asked = ways["a"].answers.Load()
		team.TellReady("h-0-00001-deployment-b", 0)
		time.Sleep(time.Second)
		if ways["b"].at.Load() != 1 || ways["a"].answers.Load() != asked {
			t.Errorf("%d messages to b are under way, and a was sent %d", ways["b"].at.Load(), ways["a"].answers.Load()-asked)
		}
		cancel()
		synctest.Wait() // with the bubble all of its goroutines have to end
		if ways["b"].at.Load() != 0 {
			t.Error("the team has ended, and a message is under way")
		}
	})
}
