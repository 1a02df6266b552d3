package experiment

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/kn-coldstart/kn-coldstart/analysis/record"
	"github.com/kn-coldstart/kn-coldstart/loadgen/worker"
)

// The workers of a made-up cluster are in this process, and reached over loopback.

func (m *madeUp) StartWorkers(_ context.Context, _ string, w record.Workers) error {
	for range w.Count {
		m.addWorker(m.t)
	}
	return m.ask("start workers")
}

// addWorker starts one more worker.
func (m *madeUp) addWorker(t *testing.T) *httptest.Server {
	inside := worker.NewServer("secret", "test")
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.workerAsked != nil {
			m.workerAsked(server, r.URL.Path)
		}
		inside.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.workers = append(m.workers, server)
	return server
}

func (m *madeUp) AwaitWorkers(_ context.Context, _ string, _ func(done, total int), waiting func(why string)) ([]record.Worker, error) {
	err := m.ask("await workers")
	if m.stuck != "" {
		waiting(m.stuck)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []record.Worker
	for _, w := range m.workers {
		u, _ := url.Parse(w.URL)
		all = append(all, record.Worker{Name: u.Host, Token: "secret"})
	}
	return all, err
}

func (m *madeUp) WorkerTransport(string) http.RoundTripper { return http.DefaultTransport }

func (m *madeUp) WorkerState(context.Context, string) string { return "its pod was deleted" }

// kill has a worker die. Its pod is gone at once.
func (m *madeUp) kill(w *httptest.Server) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Listener.Close()
	w.CloseClientConnections()
	m.workers = slices.DeleteFunc(m.workers, func(one *httptest.Server) bool { return one == w })
}

func (m *madeUp) StopWorkers(ctx context.Context, _ string) error {
	if ctx.Err() != nil {
		m.t.Error("stops workers under a context that has ended")
	}
	return m.ask("stop workers")
}

// What keeps workers from coming up is told while they are awaited.
func TestWaitingForWorkersIsTold(t *testing.T) {
	m, e := newMadeUp(t), scaleOf(t, 3)
	m.stuck = "no node fits"
	var warned []string
	_, err := Run(t.Context(), m, e, ObserverFunc(func(n Notice) {
		if w, ok := n.(Warning); ok {
			warned = append(warned, w.Text)
		}
	}))
	if want := "still waiting for workers: no node fits"; err != nil || !slices.Contains(warned, want) {
		t.Errorf("%v, warned %q", err, warned)
	}
}
